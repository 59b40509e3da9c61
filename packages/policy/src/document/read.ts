/** The readers that every part of a policy document is read with: each takes a value of any kind and reports what it should have been. */
import type { FileProblem } from "@outrigger/api/server-file";
import { parseGlob, parseSize, type Parsed } from "@outrigger/api/values";

/** The members of an object that was checked to be one. */
export type Fields = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** Takes what was expected at one place; `in` gives the report of the place below. */
export interface Report {
  (expected: string): void;
  readonly in: (key: string | number) => Report;
}

/** Creates the report of a place; problems are appended to the given list. */
export function createReport(path: Path, problems: FileProblem[]): Report {
  const report = (expected: string): void => void problems.push({ path, expected });
  return Object.assign(report, { in: (key: string | number) => createReport([...path, key], problems) });
}

/** Reads an object with no other than the known members; absent is empty. */
export function readFields(value: unknown, known: readonly string[], report: Report): Fields {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    report(`an object with ${known.join(", ")}`);
    return {};
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) report.in(key)(`no such key; known are ${known.join(", ")}`);
  }
  // An object that is no array has string keys.
  return value as Fields;
}

/** Reads a list of at most so many entries; absent is empty. */
export function readArray(value: unknown, report: Report, most = Number.POSITIVE_INFINITY): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    report("a list");
    return [];
  }
  if (value.length > most) report(`at most ${most} entries`);
  return value;
}

/** Reads a text with one of the readers of `@outrigger/api/values`. */
export function readText<T>(value: unknown, parse: (text: string) => Parsed<T>, report: Report): T | undefined {
  if (value === undefined) return undefined;
  const parsed = parse(typeof value === "string" ? value : "");
  if (parsed.ok) return parsed.value;
  report(parsed.expected);
  return undefined;
}

/** Reads a whole number from 1 to a million. */
export function readCount(value: unknown, report: Report): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  report("a whole number from 1 to 1000000");
  return undefined;
}

/** Reads one of some words. */
export function readWord<const W extends string>(value: unknown, allowed: readonly W[], report: Report): W | undefined {
  if (value === undefined) return undefined;
  const word = allowed.find((candidate) => candidate === value);
  if (word === undefined) report(allowed.map((each) => JSON.stringify(each)).join(" or "));
  return word;
}

/** Reads a list of some words. */
export function readWords<const W extends string>(value: unknown, allowed: readonly W[], report: Report): W[] {
  return readArray(value, report)
    .map((item, index) => readWord(item ?? null, allowed, report.in(index)))
    .filter((word) => word !== undefined);
}

/** Reads a list of at most 256 globs. */
export function readGlobs(value: unknown, report: Report): string[] {
  return readArray(value, report, 256)
    .map((item, index) => readText(item, parseGlob, report.in(index)) ?? "")
    .filter((glob) => glob !== "");
}

/** Reads a number of bytes, as a number or a quantity. */
export function readSize(value: unknown, report: Report): number | undefined {
  return readText(typeof value === "number" ? String(value) : value, parseSize, report);
}

/** Reads a name that things of one list are told apart by. */
export function readName(value: unknown, report: Report, purpose: string): string {
  if (typeof value === "string" && value !== "" && value.length <= 253) return value;
  report(`a name of at most 253 characters, ${purpose}`);
  return "";
}

/** Reads a list of at most so many things that have names, none twice; `read` reads one of them. */
export function readNamed<T extends { readonly name: string }>(
  value: unknown,
  report: Report,
  { most, read }: { readonly most: number; readonly read: (item: unknown, report: Report) => T },
): T[] {
  const items = readArray(value, report, most).map((item, index) => read(item, report.in(index)));
  refuseRepeatedNames(items, report);
  return items;
}

/** Reports names that stand twice in one list. */
function refuseRepeatedNames(items: readonly { readonly name: string }[], report: Report): void {
  const seen = new Set<string>();
  for (const [index, { name }] of items.entries()) {
    if (seen.has(name)) report.in(index).in("name")(`a name of its own; "${name}" stands above already`);
    seen.add(name);
  }
}
