/**
 * Recognises the keys that the scanner reads, and refuses spellings that another decoder could take for one of them:
 * duplicates, escapes, other cases. Keys that nobody reads pass, unless they are repeated.
 */
import { backslash } from "./bytes.ts";
import type { ScanProblem } from "./result.ts";
import { decodeString } from "./text.ts";

/** One word of a table: its number and its bytes. */
interface Candidate {
  readonly key: number;
  readonly bytes: Uint8Array;
}

/** ASCII words without escapes, numbered by their index in `names`, with two precomputed ways to find them. */
export interface KeyTable {
  readonly names: readonly string[];
  /** Index = length in bytes. */
  readonly byLength: readonly (readonly Candidate[])[];
  readonly folded: ReadonlySet<string>;
}

const none: readonly Candidate[] = [];

/** Builds the table of the given words, in their order. */
export function createKeyTable(names: readonly string[]): KeyTable {
  const byLength: Candidate[][] = [];
  for (let length = 0; length <= Math.max(...names.map((name) => name.length)); length++) byLength.push([]);
  for (const [key, name] of names.entries()) byLength[name.length]?.push({ key, bytes: Buffer.from(name, "latin1") });
  return { names, byLength, folded: new Set(names.map(foldKey)) };
}

/** Returns the words of that many bytes. */
export function candidatesOf(table: KeyTable, length: number): readonly Candidate[] {
  return length < table.byLength.length ? (table.byLength[length] ?? none) : none;
}

/** Returns the number of the candidate that stands at `at`, or -1; the candidates have the length of what stands there. */
export function findKey(candidates: readonly Candidate[], body: Buffer, at: number): number {
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i];
    if (candidate !== undefined && hasBytesAt(body, at, candidate.bytes)) return candidate.key;
  }
  return -1;
}

/** Collects the differences of all bytes before it looks: one branch instead of one a byte. */
function hasBytesAt(body: Buffer, at: number, bytes: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < bytes.length; i++) difference |= (body[at + i] ?? 0) ^ (bytes[i] ?? 0);
  return difference === 0;
}

/** Decodes the unknown key in `[start, end)`, quotes included. */
export function decodeKey(
  body: Buffer,
  start: number,
  end: number,
): { readonly name: string; readonly escaped: boolean } {
  return { name: decodeString(body, start, end), escaped: body.subarray(start, end).includes(backslash) };
}

/** Says whether a decoder could take an unknown key for one of the table. */
export function checkUnknownKey(table: KeyTable, key: { name: string; escaped: boolean }): ScanProblem | undefined {
  if (!table.folded.has(foldKey(key.name))) return undefined;
  return key.escaped && table.names.includes(key.name) ? "EscapedKey" : "CaseVariantKey";
}

/**
 * Folds a key further than any case-insensitive decoder does: full Unicode case mapping in both directions (so U+212A, U+017F
 * and ligatures meet k, s and fi), both Turkish i, and an end at NUL as C strings have it.
 */
export function foldKey(key: string): string {
  const nul = key.indexOf("\0");
  const text = nul < 0 ? key : key.slice(0, nul);
  return text.replaceAll("\u0130", "i").toUpperCase().toLowerCase();
}
