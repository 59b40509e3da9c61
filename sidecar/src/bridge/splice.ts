/**
 * Finds and replaces single values in the bytes of a JSON message, so that everything else stays as its sender wrote it.
 * Works on text that is known to be JSON; it checks nothing.
 */

/** Byte offsets of a value: first byte, and the one behind the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One replacement. */
export interface Edit {
  readonly span: Span;
  readonly bytes: Uint8Array;
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;

/**
 * Returns where the value at a path of keys stands, or undefined.
 * Keys are compared as spelled, without decoding escapes. Cost: one walk up to the value, nothing built.
 */
export function findValue(message: Buffer, path: readonly string[]): Span | undefined {
  let start = skipSpace(message, 0);
  for (const key of path) {
    const found = findMember(message, start, Buffer.from(JSON.stringify(key)));
    if (found === undefined) return undefined;
    start = found;
  }
  return { start, end: skipValue(message, start) };
}

/** Returns the decoded string or number at a path; undefined where there is none or it is something else. */
export function readScalar(message: Buffer, path: readonly string[]): string | number | undefined {
  const span = findValue(message, path);
  if (span === undefined) return undefined;
  const first = message[span.start];
  if (first === openBrace || first === openBracket) return undefined;
  const value: unknown = JSON.parse(message.toString("utf8", span.start, span.end));
  return typeof value === "string" || typeof value === "number" ? value : undefined;
}

/** Returns a copy with every span replaced. Spans do not overlap; their order is free. */
export function splice(message: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { span, bytes } of edits.toSorted((a, b) => a.span.start - b.span.start)) {
    parts.push(message.subarray(at, span.start), bytes);
    at = span.end;
  }
  return Buffer.concat([...parts, message.subarray(at)]);
}

/** Returns the offset of the value of `key` (quoted) in the object at `at`; undefined if there is no object or no such key. */
function findMember(message: Buffer, at: number, key: Buffer): number | undefined {
  if (message[at] !== openBrace) return undefined;
  let i = skipSpace(message, at + 1);
  while (message[i] === quote) {
    const keyEnd = skipString(message, i);
    const value = skipSpace(message, skipSpace(message, keyEnd) + 1);
    if (message.subarray(i, keyEnd).equals(key)) return value;
    i = skipSpace(message, skipValue(message, value));
    if (message[i] === comma) i = skipSpace(message, i + 1);
  }
  return undefined;
}

function skipSpace(message: Buffer, at: number): number {
  let i = at;
  while (isSpace(message[i])) i++;
  return i;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Returns the offset behind the string whose opening quote is at `at`. */
function skipString(message: Buffer, at: number): number {
  for (let end = message.indexOf(quote, at + 1); end >= 0; end = message.indexOf(quote, end + 1)) {
    let slashes = 0;
    while (message[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return message.length;
}

function skipValue(message: Buffer, at: number): number {
  const first = message[at];
  if (first === quote) return skipString(message, at);
  if (first === openBrace || first === openBracket) return skipContainer(message, at);
  let i = at;
  while (i < message.length && !endsScalar(message[i])) i++;
  return i;
}

function endsScalar(byte: number | undefined): boolean {
  return byte === comma || byte === closeBrace || byte === closeBracket || isSpace(byte);
}

function skipContainer(message: Buffer, at: number): number {
  let depth = 0;
  let i = at;
  while (i < message.length) {
    const byte = message[i];
    if (byte === quote) {
      i = skipString(message, i);
      continue;
    }
    if (byte === openBrace || byte === openBracket) depth++;
    if (byte === closeBrace || byte === closeBracket) depth--;
    i++;
    if (depth === 0) return i;
  }
  return i;
}
