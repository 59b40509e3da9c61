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

/** What of a text is shown. */
const hidden = "(set)";

/** Shape: `values` by the names of `table`. Order of the table. */
export function showConfig(table: SettingTable, values: Readonly<Record<string, unknown>>): readonly ShownSetting[] {
  return Object.entries(table).map(([name, { flag, env, help, secret }]) => {
    const value = values[name] ?? null;
    return {
      flag,
      ...(env === undefined ? {} : { env }),
      help,
      value: secret === true && value !== null ? hidden : withoutCredentials(value),
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
