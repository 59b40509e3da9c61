/**
 * The forms that values take in manifests, annotations and policy files: rates, sizes, durations, ports, tool lists.
 * Every parser is strict and says what it expected; none of them guesses.
 */

/** Outcome of a parser: the value, or one sentence that says which form is right. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string };

const accept = <T>(value: T): Parsed<T> => ({ ok: true, value });
const refuse = (expected: string): { readonly ok: false; readonly expected: string } => ({ ok: false, expected });

/** A rate as tokens that return per millisecond, with the count and period that a person wrote. */
export interface Rate {
  readonly count: number;
  readonly periodMs: number;
}

const ratePeriods: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Reads `<n>/<s|m|h>`, n from 1 to 9,999,999. */
export function parseRate(text: string): Parsed<Rate> {
  const match = /^([1-9][0-9]{0,6})\/([smh])$/.exec(text);
  const periodMs = match?.[2] === undefined ? undefined : ratePeriods[match[2]];
  if (match === null || periodMs === undefined) return refuse('<n>/<s|m|h>, e.g. "60/m"');
  return accept({ count: Number(match[1]), periodMs });
}

/** Writes a rate as {@link parseRate} reads it. */
export function formatRate({ count, periodMs }: Rate): string {
  const unit = Object.keys(ratePeriods).find((each) => ratePeriods[each] === periodMs);
  return unit === undefined ? `${count}/${periodMs}ms` : `${count}/${unit}`;
}

const sizeUnits: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

/** Reads a byte size as a whole Kubernetes quantity (`4Mi`, `500k`, `1024`); result in bytes, at least 1. */
export function parseSize(text: string): Parsed<number> {
  const expected = 'a size in bytes such as "65536", "256Ki" or "4Mi"';
  const match = /^([0-9]{1,12})(Ki|Mi|Gi|k|M|G)?$/.exec(text);
  const unit = match === null ? undefined : sizeUnits[match[2] ?? ""];
  if (match === null || unit === undefined) return refuse(expected);
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) && bytes >= 1 ? accept(bytes) : refuse(expected);
}

/** Reads a CPU quantity (`50m`, `0.5`, `2`) and returns it as written: Kubernetes is the one that computes with it. */
export function parseCpu(text: string): Parsed<string> {
  return /^([1-9][0-9]{0,8}m|[0-9]{1,6}(\.[0-9]{1,3})?)$/.test(text)
    ? accept(text)
    : refuse('a CPU quantity such as "50m" or "0.5"');
}

/** Reads a memory quantity, or 0 for none, and returns it as written. */
export function parseMemory(text: string): Parsed<string> {
  return text === "0" || parseSize(text).ok ? accept(text) : refuse('a memory quantity such as "64Mi"');
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Reads a duration such as `500ms`, `30s` or `1h30m`; result in milliseconds. */
export function parseDuration(text: string): Parsed<number> {
  const expected = 'a duration such as "500ms", "30s" or "1h30m"';
  if (!/^([0-9]{1,9}(ms|s|m|h))+$/.test(text)) return refuse(expected);
  let totalMs = 0;
  for (const [, count, unit] of text.matchAll(/([0-9]+)(ms|s|m|h)/g)) {
    totalMs += Number(count) * (durationUnits[unit ?? ""] ?? Number.NaN);
  }
  return Number.isSafeInteger(totalMs) ? accept(totalMs) : refuse(expected);
}

/** Longer times overflow the timers that keep them: 24 days. */
const maxTimeMs = 24 * 24 * 3_600_000;

/** Reads a duration that a timer can keep and that is not nothing, in ms. */
export function parseTime(text: string): Parsed<number> {
  const parsed = parseDuration(text);
  const fits = parsed.ok && parsed.value > 0 && parsed.value <= maxTimeMs;
  return fits ? parsed : refuse('a duration such as "500ms" or "30s", at most 576h');
}

/** Reads the time between two repetitions of something, in ms. */
export function parseInterval(text: string): Parsed<number> {
  const parsed = parseTime(text);
  return parsed.ok && parsed.value >= 100 ? parsed : refuse('a duration such as "500ms" or "30s", from 100ms to 576h');
}

/** Reads a TCP port, 1 to 65535. */
export function parsePort(text: string): Parsed<number> {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? accept(port) : refuse("a port number from 1 to 65535");
}

/** Reads a whole number within bounds, both included. */
export function parseWhole(text: string, bounds: { readonly min: number; readonly max: number }): Parsed<number> {
  const value = /^(0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : Number.NaN;
  return value >= bounds.min && value <= bounds.max
    ? accept(value)
    : refuse(`a whole number from ${bounds.min} to ${bounds.max}`);
}

const globExpected = "a name or glob of 1-128 printable characters, with * and ? as the only wildcards";

/** Says whether one entry of a tool list is well formed: 1-128 printable ASCII characters without comma or space. */
export function parseGlob(text: string): Parsed<string> {
  return /^[!-+\--~]{1,128}$/.test(text) ? accept(text) : refuse(globExpected);
}

/** Reads a comma-separated list of globs, 1 to 256 entries; blanks around an entry are allowed, empty entries are not. */
export function parseGlobList(text: string): Parsed<readonly string[]> {
  const entries = text.split(",").map((entry) => entry.trim());
  const wellFormed = entries.length <= 256 && entries.every((entry) => parseGlob(entry).ok);
  return wellFormed
    ? accept(entries)
    : refuse('a comma-separated list of 1-256 tool names or globs, e.g. "read_*,search"');
}

/** Reads one of a closed list of words. */
export function parseWord<const W extends string>(text: string, words: readonly W[]): Parsed<W> {
  const word = words.find((candidate) => candidate === text);
  return word === undefined ? refuse(`one of ${words.map((each) => JSON.stringify(each)).join(", ")}`) : accept(word);
}

/** Reads a DNS label (RFC 1123): what names of servers, groups and containers look like. */
export function parseDnsLabel(text: string): Parsed<string> {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)
    ? accept(text)
    : refuse("a name of 1-63 lower-case letters, digits and dashes that starts and ends with a letter or digit");
}

/** Reads the name of a server as people give it in a server file: 1-64 characters, no control characters, no slash. */
export function parseServerName(text: string): Parsed<string> {
  return /^[^\p{C}/]{1,64}$/u.test(text) && text.trim() === text
    ? accept(text)
    : refuse("1-64 characters without slashes, control characters or surrounding spaces");
}

/** Reads an absolute HTTP path without query, at most 256 characters. */
export function parsePath(text: string): Parsed<string> {
  return /^\/[A-Za-z0-9._~/-]{0,255}$/.test(text) ? accept(text) : refuse('an absolute path such as "/mcp"');
}

/** Reads a JSON array of 1 to 64 strings of at most 4,096 characters each: an argv that no shell touches. */
export function parseArgv(text: string): Parsed<readonly string[]> {
  const expected = 'a JSON array of strings such as ["node","server.js"]';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(expected);
  }
  const items: unknown[] = Array.isArray(value) ? value : [];
  const argv = items.filter((item): item is string => typeof item === "string" && item.length <= 4096);
  const isArgv = argv.length >= 1 && argv.length <= 64 && argv.length === items.length;
  return isArgv ? accept<readonly string[]>(argv) : refuse(expected);
}

/** Reads the name of an environment variable (C identifier), optionally with `=value` behind it. */
export function parseVariable(text: string): Parsed<{ readonly name: string; readonly value?: string }> {
  const match = /^([A-Za-z_][A-Za-z0-9_]{0,127})(?:=([!-~]{0,256}))?$/.exec(text);
  if (match?.[1] === undefined) return refuse('a variable name, or NAME=value, e.g. "HOST=127.0.0.1"');
  return accept(match[2] === undefined ? { name: match[1] } : { name: match[1], value: match[2] });
}

/** Host names in lower case, without ports. */
export function parseHosts(value: string): Parsed<readonly string[]> {
  const hosts = value.split(",").map((host) => host.trim().toLowerCase());
  const isName = (host: string): boolean =>
    host.length <= 253 && host.split(".").every((label) => parseDnsLabel(label).ok);
  return hosts.length <= 32 && hosts.every(isName)
    ? { ok: true, value: hosts }
    : { ok: false, expected: 'a comma-separated list of 1-32 host names, e.g. "mcp.example.com"' };
}

/**
 * Reads the endpoint annotation.
 * Shape: `19080/mcp` gives port 19080 and path `/mcp`; never a URL, since the address comes from the API server alone.
 */
export function parseEndpoint(value: string): Parsed<{ readonly port: number; readonly path: string }> {
  const slash = value.indexOf("/");
  const port = parsePort(slash < 0 ? value : value.slice(0, slash));
  const path = parsePath(slash < 0 ? "" : value.slice(slash));
  return port.ok && path.ok
    ? { ok: true, value: { port: port.value, path: path.value } }
    : { ok: false, expected: 'a port and a path such as "19080/mcp"' };
}
