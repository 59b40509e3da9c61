/**
 * Changes single members of a response's result in its bytes, so that everything else stays as the server wrote it.
 * A response whose result could be read in two ways is refused, never passed on.
 */
import { asBuffer } from "../scan/bytes.ts";
import { foldKey } from "../scan/keys.ts";
import { skipSpace } from "../scan/skip-value.ts";
import { readMembers, type Member } from "./walk.ts";

/** Outcome: the original bytes are to be used; or new ones; or nothing may be passed on. */
export type EditedResult =
  { readonly kind: "unchanged" } | { readonly kind: "edited"; readonly bytes: Buffer } | { readonly kind: "refused" };

const unchanged = { kind: "unchanged" } as const;
const refused = { kind: "refused" } as const;

/** Takes a member out of the result, in whatever spelling a decoder could take for it. */
export function dropResultMember(response: Uint8Array, key: string): EditedResult {
  const body = asBuffer(response);
  const result = findResult(body);
  if (result === undefined || result === "ambiguous") return result === undefined ? unchanged : refused;
  const folded = foldKey(key);
  const kept = result.members.filter((member) => foldKey(member.key) !== folded);
  if (kept.length === result.members.length) return unchanged;
  const parts = kept.map(({ keyStart, end }) => body.subarray(keyStart, end));
  const joined = parts.flatMap((part, at) => (at === 0 ? [part] : [comma, part]));
  return { kind: "edited", bytes: replace(body, result, Buffer.concat([open, ...joined, close])) };
}

/** Gives a member of the result a text as its value; it is added where it is absent. */
export function setResultMember(response: Uint8Array, key: string, text: string): EditedResult {
  const body = asBuffer(response);
  const result = findResult(body);
  if (result === undefined || result === "ambiguous") return result === undefined ? unchanged : refused;
  const value = Buffer.from(JSON.stringify(text));
  const alike = result.members.filter((member) => foldKey(member.key) === foldKey(key));
  const [only] = alike;
  if (only === undefined) return add(body, result, Buffer.concat([Buffer.from(`${JSON.stringify(key)}:`), value]));
  if (alike.length > 1 || only.key !== key) return refused;
  return body.subarray(only.start, only.end).equals(value)
    ? unchanged
    : { kind: "edited", bytes: replace(body, only, value) };
}

/** Says whether the result has all of these members. False where there is no result that can be read in exactly one way. */
export function hasResultMembers(response: Uint8Array, keys: readonly string[]): boolean {
  const result = findResult(asBuffer(response));
  if (result === undefined || result === "ambiguous") return false;
  return keys.every((key) => result.members.some((member) => foldKey(member.key) === foldKey(key)));
}

const open = Buffer.from("{");
const close = Buffer.from("}");
const comma = Buffer.from(",");

interface Result {
  readonly start: number;
  readonly end: number;
  readonly members: readonly Member[];
}

/** Undefined where there is no result, or one that is no object. */
function findResult(body: Buffer): Result | "ambiguous" | undefined {
  const members = readMembers(body, skipSpace(body, 0));
  if (members === undefined) return "ambiguous";
  const alike = members.filter((member) => foldKey(member.key) === "result");
  const [only] = alike;
  if (only === undefined) return undefined;
  if (alike.length > 1 || only.key !== "result") return "ambiguous";
  const inner = readMembers(body, only.start);
  return inner === undefined ? undefined : { start: only.start, end: only.end, members: inner };
}

function add(body: Buffer, { end, members }: Result, member: Buffer): EditedResult {
  const parts = [body.subarray(0, end - 1), ...(members.length === 0 ? [] : [comma]), member, body.subarray(end - 1)];
  return { kind: "edited", bytes: Buffer.concat(parts) };
}

function replace(body: Buffer, { start, end }: { readonly start: number; readonly end: number }, by: Buffer): Buffer {
  return Buffer.concat([body.subarray(0, start), by, body.subarray(end)]);
}
