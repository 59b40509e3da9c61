/** Walks the members of an object or the elements of an array by their byte offsets. Values are checked JSON, never built. */
import { byteAt, closeBrace, closeBracket, comma, openBrace, openBracket, quote } from "../scan/bytes.ts";
import { decodeKey } from "../scan/keys.ts";
import type { Span } from "../scan/result.ts";
import { skipString } from "../scan/skip-string.ts";
import { skipColon, skipSpace, skipValue } from "../scan/skip-value.ts";

/** How deep values of lists may nest: schemas are deeper than requests. */
const maxDepth = 256;

/** One member: its key as decoders read it, where the key begins, and where its value stands. */
export interface Member extends Span {
  readonly key: string;
  readonly keyStart: number;
}

/** The members of the object at `at` in order, or undefined where there is no well-formed object. */
export function readMembers(body: Buffer, at: number): readonly Member[] | undefined {
  if (byteAt(body, at) !== openBrace) return undefined;
  const members: Member[] = [];
  let i = skipSpace(body, at + 1);
  if (byteAt(body, i) === closeBrace) return members;
  for (;;) {
    if (byteAt(body, i) !== quote) return undefined;
    const keyEnd = skipString(body, i + 1);
    const start = keyEnd < 0 ? keyEnd : skipColon(body, keyEnd);
    const end = start < 0 ? start : skipValue(body, start, maxDepth);
    if (end < 0) return undefined;
    members.push({ key: decodeKey(body, i, keyEnd).name, keyStart: i, start, end });
    const next = skipSpace(body, end);
    if (byteAt(body, next) === closeBrace) return members;
    if (byteAt(body, next) !== comma) return undefined;
    i = skipSpace(body, next + 1);
  }
}

/** The elements of the array at `at` in order, or undefined where there is no well-formed array. */
export function readElements(body: Buffer, at: number): readonly Span[] | undefined {
  if (byteAt(body, at) !== openBracket) return undefined;
  const elements: Span[] = [];
  let i = skipSpace(body, at + 1);
  if (byteAt(body, i) === closeBracket) return elements;
  for (;;) {
    const end = skipValue(body, i, maxDepth);
    if (end < 0) return undefined;
    elements.push({ start: i, end });
    const next = skipSpace(body, end);
    if (byteAt(body, next) === closeBracket) return elements;
    if (byteAt(body, next) !== comma) return undefined;
    i = skipSpace(body, next + 1);
  }
}
