/**
 * The settings in force, as the read API shows them: what may hold a secret is told to be set, and no more. Pure. Files with secrets are named by
 * path, and paths are shown.
 */
import type { SettingTable } from "@outrigger/runtime/config";

/** One setting. `value`: as JSON; null where there is none. */
export interface ShownSetting {
  readonly flag: string;
  readonly env?: string;
  readonly help: string;
  readonly value: unknown;
}

/** A setting whose own text may be a credential; where one names a file, its help says so. */
const secretName = /secret|password|credential|token|key(?!s?-file)/i;
const namesFile = /\bfile\b|\bfolder\b/i;

/** What of a text is shown. */
const hidden = "(set)";

/** Shape: `values` by the names of `table`. Order of the table. */
export function showConfig(table: SettingTable, values: Readonly<Record<string, unknown>>): readonly ShownSetting[] {
  return Object.entries(table).map(([name, { flag, env, help }]) => {
    const value = values[name] ?? null;
    const mayBeSecret = secretName.test(flag) && !namesFile.test(help) && typeof value !== "number";
    return {
      flag,
      ...(env === undefined ? {} : { env }),
      help,
      value: mayBeSecret && value !== null ? hidden : withoutCredentials(value),
    };
  });
}

/** Addresses lose user and password, wherever they stand. */
function withoutCredentials(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/(?<=:\/\/)[^/@\s]*@/g, "");
  if (Array.isArray(value)) return value.map(withoutCredentials);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutCredentials(member)]));
}
