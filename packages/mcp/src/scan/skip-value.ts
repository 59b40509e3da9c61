/**
 * Finds the end of any JSON value while checking it against the grammar of RFC 8259, building nothing.
 * Before: skip-string.ts. Next: members.ts, which reads the objects that we look into.
 */
import { skipString } from "./skip-string.ts";

// Own copies, for the reason given in skip-string.ts.
const quote = 0x22;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;
const minus = 0x2d;
const zero = 0x30;
const point = 0x2e;
const letterE = 0x65;

function byteAt(body: Buffer, at: number): number {
  return at < body.length ? (body[at] ?? 0) : 0;
}

/** Failures are negative: `~offset` for bad JSON, and `tooDeepBase - offset` for a container beyond the limit. */
const tooDeepBase = -(2 ** 40);

/** Says whether a failure of the skip functions means "too deep" rather than "not JSON". */
export function isTooDeep(failure: number): boolean {
  return failure <= tooDeepBase;
}

/** Returns the byte offset that a failure of the skip functions points at. */
export function failureOffset(failure: number): number {
  return isTooDeep(failure) ? tooDeepBase - failure : ~failure;
}

/** Returns the failure for a container at `at` that is nested deeper than allowed. */
export function tooDeep(at: number): number {
  return tooDeepBase - at;
}

/** Returns the offset of the first byte at or after `at` that is not JSON white space. */
export function skipSpace(body: Buffer, at: number): number {
  return byteAt(body, at) > 0x20 ? at : skipSpaces(body, at);
}

function skipSpaces(body: Buffer, at: number): number {
  let i = at;
  for (;;) {
    const c = byteAt(body, i);
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return i;
    i++;
  }
}

/** Returns the offset of the value behind the colon that follows a key ending at `at`, or a failure. */
export function skipColon(body: Buffer, at: number): number {
  const i = skipSpace(body, at);
  return byteAt(body, i) === colon ? skipSpace(body, i + 1) : ~i;
}

/**
 * Returns the offset behind the value that starts at `at` (no white space before it), or a failure.
 * `room` is how many containers may still be nested here; recursion is bounded by it.
 */
export function skipValue(body: Buffer, at: number, room: number): number {
  const c = byteAt(body, at);
  if (c === quote) return skipString(body, at + 1);
  if (c === minus || isDigit(c)) return skipNumber(body, at);
  switch (c) {
    case openBrace:
      return room > 0 ? skipObject(body, at + 1, room - 1) : tooDeep(at);
    case openBracket:
      return room > 0 ? skipArray(body, at + 1, room - 1) : tooDeep(at);
    case 0x74:
      return skipLiteral(body, at, "true");
    case 0x66:
      return skipLiteral(body, at, "false");
    case 0x6e:
      return skipLiteral(body, at, "null");
    default:
      return ~at;
  }
}

function skipObject(body: Buffer, at: number, room: number): number {
  let i = skipSpace(body, at);
  if (byteAt(body, i) === closeBrace) return i + 1;
  for (;;) {
    i = skipMember(body, i, room);
    if (i < 0) return i;
    i = skipSpace(body, i);
    const c = byteAt(body, i);
    if (c === closeBrace) return i + 1;
    if (c !== comma) return ~i;
    i = skipSpace(body, i + 1);
  }
}

/** Skips `"key": value`. */
function skipMember(body: Buffer, at: number, room: number): number {
  if (byteAt(body, at) !== quote) return ~at;
  const keyEnd = skipString(body, at + 1);
  if (keyEnd < 0) return keyEnd;
  const value = skipColon(body, keyEnd);
  return value < 0 ? value : skipValue(body, value, room);
}

function skipArray(body: Buffer, at: number, room: number): number {
  let i = skipSpace(body, at);
  if (byteAt(body, i) === closeBracket) return i + 1;
  for (;;) {
    i = isDigit(byteAt(body, i)) ? skipNumber(body, i) : skipValue(body, i, room);
    if (i < 0) return i;
    i = skipSpace(body, i);
    const c = byteAt(body, i);
    if (c === closeBracket) return i + 1;
    if (c !== comma) return ~i;
    i = skipSpace(body, i + 1);
  }
}

function skipLiteral(body: Buffer, at: number, word: string): number {
  for (let i = 1; i < word.length; i++) {
    if (byteAt(body, at + i) !== word.charCodeAt(i)) return ~at;
  }
  return at + word.length;
}

/** Returns the offset behind the number at `at`, or a failure. */
export function skipNumber(body: Buffer, at: number): number {
  const first = body[at] === minus ? at + 1 : at;
  const size = body.length;
  let i = first;
  let c = 0;
  while (i < size) {
    c = body[i] ?? 0;
    if (!isDigit(c)) break;
    i++;
  }
  // No digit, or a second one behind a leading zero.
  if (i === first || (i > first + 1 && body[first] === zero)) return ~at;
  return c === point || (c | 0x20) === letterE ? skipFraction(body, i) : i;
}

/** Skips `.digits`, an exponent, or both. */
function skipFraction(body: Buffer, at: number): number {
  let i = at;
  if (byteAt(body, i) === point) {
    const end = skipDigits(body, i + 1);
    if (end === i + 1) return ~at;
    i = end;
  }
  if ((byteAt(body, i) | 0x20) !== letterE) return i;
  const sign = byteAt(body, i + 1);
  const digits = sign === 0x2b || sign === minus ? i + 2 : i + 1;
  const end = skipDigits(body, digits);
  return end === digits ? ~at : end;
}

function skipDigits(body: Buffer, at: number): number {
  let i = at;
  while (i < body.length && isDigit(body[i] ?? 0)) i++;
  return i;
}

/** One comparison: only the digits are below ten without the bits of "0". */
function isDigit(byte: number): boolean {
  return (byte ^ zero) < 10;
}
