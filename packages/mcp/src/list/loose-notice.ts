/**
 * Looks at a message of a server that the strict scanner refuses, only to say that nobody could read a response in it: then it can hold
 * no list. What it means is not decided here.
 */
import { asBuffer, byteAt, closeBrace, quote } from "../scan/bytes.ts";
import { foldKey } from "../scan/keys.ts";
import { skipSpace } from "../scan/skip-value.ts";
import { decodeString } from "../scan/text.ts";
import { readMembers } from "./walk.ts";

/**
 * Returns every method that a decoder could read from a notification or request, or undefined where one could read a response, a batch,
 * or no JSON at all. Shape: at least one method; more than one where keys stand twice or differ by case only.
 */
export function readLooseNotice(message: Uint8Array): readonly string[] | undefined {
  const body = asBuffer(message);
  const members = readMembers(body, skipSpace(body, 0));
  const last = members?.at(-1);
  if (members === undefined || last === undefined || !isAtEnd(body, last.end)) return undefined;
  if (members.some(({ key }) => foldKey(key) === "result")) return undefined;
  const methods = members.filter(({ key }) => foldKey(key) === "method");
  if (methods.length === 0 || methods.some(({ start }) => byteAt(body, start) !== quote)) return undefined;
  return methods.map(({ start, end }) => decodeString(body, start, end));
}

/** Behind the object nothing may follow: some decoders go on to read it. */
function isAtEnd(body: Buffer, lastEnd: number): boolean {
  const end = skipSpace(body, lastEnd);
  return byteAt(body, end) === closeBrace && skipSpace(body, end + 1) === body.length;
}
