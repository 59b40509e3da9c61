/**
 * Remembers the heads that came last: the next of the same client is mostly the same, but for the length of its body. Equal bytes are read
 * equally, so what was made of them is used again, and with it whatever was made of its headers. Decides nothing. Before: request-head.ts.
 */
import type { RequestHead } from "./request-head.ts";

/** A head that was read. `bytes` with its last line end; the digits of its length stand between `lengthAt` and `lengthEnd`, if anywhere. */
export interface KnownHead {
  readonly bytes: Buffer;
  readonly lengthAt: number;
  readonly lengthEnd: number;
  readonly head: RequestHead;
}

/** A head that is like one that is known. `next`: where the bytes behind it begin. */
export interface Recalled {
  readonly head: RequestHead;
  readonly bodyBytes: number;
  readonly next: number;
}

/** What the connections of one door share. */
export interface HeadMemory {
  last: KnownHead | undefined;
}

/** Larger heads are read anew. */
export const maxKnownBytes = 2_048;

/** Digits of a length; of more nobody knows whether they are a number that we can count to. */
const maxDigits = 15;

/** Reads a head by one that is known; undefined where they differ in more than the length of the body. */
export function recall(known: KnownHead, chunk: Buffer, at: number): Recalled | undefined {
  return known.lengthAt < 0 ? recallWhole(known, chunk, at) : recallAround(known, chunk, at);
}

function recallWhole({ bytes, head }: KnownHead, chunk: Buffer, at: number): Recalled | undefined {
  const next = at + bytes.length;
  if (next > chunk.length || chunk.compare(bytes, 0, bytes.length, at, next) !== 0) return undefined;
  return { head, bodyBytes: 0, next };
}

/** What stands before and behind the length must be the same. */
function recallAround(known: KnownHead, chunk: Buffer, at: number): Recalled | undefined {
  const { bytes, lengthAt, lengthEnd, head } = known;
  const digitsAt = at + lengthAt;
  if (digitsAt >= chunk.length || chunk.compare(bytes, 0, lengthAt, at, digitsAt) !== 0) return undefined;
  let digitsEnd = digitsAt;
  let bodyBytes = 0;
  for (let code = chunk[digitsEnd]; isDigit(code); code = chunk[++digitsEnd]) bodyBytes = bodyBytes * 10 + code - 0x30;
  const next = digitsEnd + bytes.length - lengthEnd;
  if (!isCount(digitsEnd - digitsAt) || next > chunk.length) return undefined;
  return chunk.compare(bytes, lengthEnd, bytes.length, digitsEnd, next) === 0 ? { head, bodyBytes, next } : undefined;
}

const isDigit = (code: number | undefined): code is number => code !== undefined && code >= 0x30 && code <= 0x39;
const isCount = (digits: number): boolean => digits > 0 && digits <= maxDigits;
