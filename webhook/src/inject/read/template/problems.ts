/** Collects what is wrong with a sidecar template, with the place of each. */
import type { FileProblem } from "@outrigger/api/server-file";
import { isObject, readList, type JsonObject } from "../json.ts";

/** A place inside the configuration file. */
export type Place = readonly (string | number)[];

/** Takes a problem: where, and what would be right. */
export type Report = (path: Place, expected: string) => void;

/** A report that appends to a list. */
export function createReport(problems: FileProblem[]): Report {
  return (path, expected) => void problems.push({ path, expected });
}

/** Reads an object whose members are all known; the others are reported, those that are refused with why. */
export function readMembers(
  value: unknown,
  at: { readonly path: Place; readonly known: readonly string[]; readonly refused?: Readonly<Record<string, string>> },
  report: Report,
): JsonObject {
  if (value === undefined) return {};
  if (!isObject(value)) {
    report(at.path, `an object with ${at.known.join(", ")}`);
    return {};
  }
  for (const [key, member] of Object.entries(value)) {
    const why = at.refused !== undefined && Object.hasOwn(at.refused, key) ? at.refused[key] : undefined;
    if (key.startsWith("$")) report([...at.path, key], "no directive: a template only adds");
    else if (why !== undefined) report([...at.path, key], why);
    else if (!at.known.includes(key)) report([...at.path, key], `no such key; known are ${at.known.join(", ")}`);
    else if (member === null) report([...at.path, key], "a value; leave the key out to say nothing");
  }
  return value;
}

/** Reads a list of objects, each with a key that no other has. */
export function readItems(
  value: unknown,
  at: { readonly path: Place; readonly key: string },
  report: Report,
): readonly JsonObject[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isObject)) {
    report(at.path, `a list of objects with ${at.key}`);
    return [];
  }
  const seen = new Set<unknown>();
  for (const [index, item] of value.entries()) {
    const key = item[at.key];
    if (typeof key !== "string" && typeof key !== "number") report([...at.path, index, at.key], `a value of ${at.key}`);
    else if (seen.has(key)) report([...at.path, index, at.key], `another ${at.key} than the items before it`);
    seen.add(key);
  }
  return readList({ value }, "value").filter(isObject);
}
