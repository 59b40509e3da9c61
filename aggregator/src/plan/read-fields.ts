/** Reads the members of an endpoint file's objects: texts, lists of globs, and keys that nobody knows. Pure. */
import { parseGlob } from "@outrigger/api/values";

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** Takes one problem: its place, and what was expected there. */
export type Report = (place: string, expected: string) => void;

const mostGlobs = 256;
const longestText = 1_024;

/** True for JSON objects. */
export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reports keys that are not known. */
export function refuseUnknown(
  fields: Fields,
  known: readonly string[],
  { place, report }: { readonly place: string; readonly report: Report },
): void {
  const prefix = place === "" ? "" : `${place}.`;
  for (const key of Object.keys(fields))
    if (!known.includes(key)) report(`${prefix}${key}`, `no such key; known are ${known.join(", ")}`);
}

/** Reads a list of globs; empty where it is absent or has problems as a whole. */
export function readGlobs(value: unknown, place: string, report: Report): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > mostGlobs) {
    report(place, `a list of at most ${mostGlobs} names or globs`);
    return [];
  }
  return value.filter((item: unknown, at): item is string => {
    const glob = typeof item === "string" ? parseGlob(item) : undefined;
    if (glob?.ok === true) return true;
    report(`${place}[${at}]`, glob?.expected ?? "a name or glob");
    return false;
  });
}

/** Reads a description of 1 to 1,024 characters, as the member that it becomes. */
export function readText(value: unknown, place: string, report: Report): { readonly description?: string } {
  if (value === undefined) return {};
  const text = typeof value === "string" ? value.trim() : "";
  if (text !== "" && text.length <= longestText) return { description: text };
  report(place, `a text of 1 to ${longestText} characters`);
  return {};
}
