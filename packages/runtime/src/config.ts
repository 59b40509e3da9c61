/**
 * Settings of a program: one table says name, form and default; values come from flags, then the environment, then the default.
 * All problems are reported at once. Nothing here reads process state: argv and env are passed in.
 */
import { parseArgs } from "node:util";

/** Outcome of reading one value; the same shape as the parsers of manifest values. */
export type ParsedSetting<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string };

/**
 * One setting. `flag` is the long option without dashes, `env` the variable that stands in for it.
 * A setting without `fallback` is undefined when nobody sets it. `secret`: its text may hold one, so nothing of it is ever told.
 */
export interface Setting<T> {
  readonly flag: string;
  readonly env?: string;
  readonly help: string;
  readonly secret?: true;
  readonly parse: (text: string) => ParsedSetting<T>;
  readonly fallback?: T;
}

/** A table of settings by the name that code uses. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

type ValueOf<S> = S extends Setting<infer T> ? (S extends { fallback: unknown } ? T : T | undefined) : never;

/** The values of a table, with where each came from. `rest` is what stands behind `--`. */
export interface Settings<T extends SettingTable> {
  readonly values: { readonly [K in keyof T]: ValueOf<T[K]> };
  readonly sources: { readonly [K in keyof T]: "flag" | "environment" | "default" };
  readonly rest: readonly string[];
}

export type ReadSettings<T extends SettingTable> =
  { readonly ok: true; readonly settings: Settings<T> } | { readonly ok: false; readonly problems: readonly string[] };

/** Reads a table from argv (without program and script) and an environment. Unknown flags are problems. */
export function readSettings<const T extends SettingTable>(
  table: T,
  input: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string | undefined>> },
): ReadSettings<T> {
  const problems: string[] = [];
  const split = input.argv.indexOf("--");
  const own = split < 0 ? input.argv : input.argv.slice(0, split);
  const flags = readFlags(table, own, problems);
  const values: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const [name, setting] of Object.entries(table)) {
    const fromEnv = setting.env === undefined ? undefined : input.env[setting.env];
    const text = flags.get(setting.flag) ?? fromEnv;
    sources[name] = flags.has(setting.flag) ? "flag" : fromEnv === undefined ? "default" : "environment";
    values[name] = text === undefined ? setting.fallback : readText(setting, { text, source: sources[name] }, problems);
  }
  if (problems.length > 0) return { ok: false, problems };
  // Built from the table's own names, each value by its own parser.
  const settings = { values, sources, rest: split < 0 ? [] : input.argv.slice(split + 1) } as unknown as Settings<T>;
  return { ok: true, settings };
}

function readText(setting: Setting<unknown>, from: { text: string; source: string }, problems: string[]): unknown {
  const parsed = setting.parse(from.text);
  if (parsed.ok) return parsed.value;
  const where = from.source === "flag" ? `--${setting.flag}` : String(setting.env);
  const got = setting.secret === true ? "" : `, got ${JSON.stringify(withoutCredentials(from.text))}`;
  problems.push(`${where}: expected ${parsed.expected}${got}`);
  return undefined;
}

/** Leaves out what addresses hold of credentials: all in front of an @, and the query. */
const withoutCredentials = (text: string): string =>
  text.replace(/(?<=:\/\/)\S*@/g, "…@").replace(/(?<=:\/\/[^\s?]*)\?\S+/g, "?…");

function readFlags(table: SettingTable, argv: readonly string[], problems: string[]): Map<string, string> {
  const known = new Set(Object.values(table).map((setting) => setting.flag));
  const options = Object.fromEntries([...known].map((flag) => [flag, { type: "string" as const }]));
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  const flags = new Map<string, string>();
  let isAfterUnknown = false;
  for (const token of tokens) {
    // What stands behind a flag that nobody knows is its value, which may be a secret.
    if (token.kind === "positional" && !isAfterUnknown)
      problems.push(`unexpected argument ${JSON.stringify(withoutCredentials(token.value))}`);
    isAfterUnknown = token.kind === "option" && !known.has(token.name) && token.value === undefined;
    if (token.kind !== "option") continue;
    if (!known.has(token.name))
      problems.push(`no such flag: ${token.rawName}; known are ${[...known].map((each) => `--${each}`).join(", ")}`);
    else if (token.value === undefined) problems.push(`${token.rawName} needs a value`);
    else flags.set(token.name, token.value);
  }
  return flags;
}

/** Reads `HOST:PORT`, `[IPv6]:PORT` or a bare port; port 0 asks for any free one. */
export function parseListenAddress(text: string): ParsedSetting<{ readonly host: string; readonly port: number }> {
  const match = /^(?:(\[[0-9a-fA-F:]+\]|[^:\s[\]]+):)?([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[2] ?? Number.NaN);
  if (!(port <= 65_535)) return { ok: false, expected: 'HOST:PORT such as "127.0.0.1:7777"' };
  return { ok: true, value: { host: (match?.[1] ?? "127.0.0.1").replace(/^\[|\]$/g, ""), port } };
}

/** Reads any text that is not empty. */
export function parseText(text: string): ParsedSetting<string> {
  return text === "" ? { ok: false, expected: "a text that is not empty" } : { ok: true, value: text };
}

/** One line per setting, for `--help`. */
export function describeSettings(table: SettingTable): string {
  return Object.values(table)
    .map((setting) => {
      const isTold = setting.fallback !== undefined && setting.secret !== true;
      const fallback = isTold ? ` (default ${JSON.stringify(setting.fallback)})` : "";
      const variable = setting.env === undefined ? "" : ` [${setting.env}]`;
      return `  --${setting.flag.padEnd(22)} ${setting.help}${fallback}${variable}`;
    })
    .join("\n");
}
