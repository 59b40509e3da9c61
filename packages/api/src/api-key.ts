/**
 * API keys of the aggregator: what a key looks like, and the file that says whose they are. The file holds hashes alone: a key is 32 random
 * bytes, so its sha256 can't be guessed back. Hashing and comparing are for whoever holds keys. Pure.
 */

/** How a key begins, so that people and scanners of secrets know it when they see it. */
export const apiKeyPrefix = "ork_";

/** How many random bytes a key has behind its prefix, in base64url. */
export const apiKeyBytes = 32;

/** Says whether a text has the form of a key. */
export function isApiKey(text: string): boolean {
  return /^ork_[A-Za-z0-9_-]{43}$/.test(text);
}

/** One key: who holds it, its sha256 in hex, and the groups that its holder is in. */
export interface ApiKeyEntry {
  readonly name: string;
  readonly hash: string;
  readonly groups: readonly string[];
}

/** The keys of a file, or every problem with it. */
export type ReadApiKeys =
  | { readonly ok: true; readonly keys: readonly ApiKeyEntry[] }
  | { readonly ok: false; readonly problems: readonly string[] };

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;
const hashPattern = /^sha256:[0-9a-f]{64}$/;

/** Says whether somebody, or a group, can be called so in the file. */
export function isApiKeyName(text: string): boolean {
  return namePattern.test(text);
}

/**
 * Reads the file: a line for each key, `NAME sha256:HASH [GROUP,GROUP]`; empty lines and lines that begin with `#` say nothing. One name may
 * stand on several lines, so that a key can be replaced without a gap. Problems name the line and never what stands in it.
 */
export function readApiKeys(text: string): ReadApiKeys {
  const keys: ApiKeyEntry[] = [];
  const problems: string[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const entry = readLine(trimmed);
    if (typeof entry === "string") problems.push(`line ${at + 1}: expected ${entry}`);
    else if (keys.some(({ hash }) => hash === entry.hash)) problems.push(`line ${at + 1}: the key stands here already`);
    else keys.push(entry);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, keys };
}

function readLine(line: string): ApiKeyEntry | string {
  const [name = "", hash = "", groups, ...more] = line.split(/\s+/);
  if (!isApiKeyName(name)) return "a name of letters, digits and ._@- first";
  if (!hashPattern.test(hash))
    return "sha256: and 64 hex digits behind the name; `outrigger api-key` prints such a line";
  const listed = groups === undefined ? [] : groups.split(",");
  if (more.length > 0 || !listed.every(isApiKeyName))
    return "groups separated by commas alone, and nothing behind them";
  return { name, hash: hash.slice("sha256:".length), groups: listed };
}

/** The line of a key, as {@link readApiKeys} reads it. */
export function formatApiKeyLine({ name, hash, groups }: ApiKeyEntry): string {
  return [name, `sha256:${hash}`, ...(groups.length > 0 ? [groups.join(",")] : [])].join(" ");
}
