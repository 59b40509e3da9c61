/**
 * What a body may hold, found before it is parsed: a few bytes of JSON become many in memory, and a caller that is no API server
 * must not take the memory that admissions need. An object that an API server stores stays far below.
 */

/** Levels of lists and objects. Pods have about 15. */
export const maxDepth = 500;

/** Lists, objects and their members. A pod of 3 MiB has less than 200,000. */
export const maxParts = 500_000;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

/** Why a body is not parsed; undefined where it may be. Says nothing about whether it is JSON. Time: one look at each byte. */
export function findExcess(body: Uint8Array): string | undefined {
  let depth = 0;
  let parts = 0;
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index];
    if (byte === quote) {
      index = endOfText(body, index);
    } else if (isOpening(byte)) {
      depth += 1;
      parts += 1;
      if (depth > maxDepth) return `the body is nested deeper than ${maxDepth} levels`;
    } else if (isClosing(byte)) {
      depth -= 1;
    } else if (byte === comma) {
      parts += 1;
    }
    if (parts > maxParts) return `the body has more than ${maxParts} parts`;
  }
  return undefined;
}

const isOpening = (byte: number | undefined): boolean => byte === 0x5b || byte === 0x7b;
const isClosing = (byte: number | undefined): boolean => byte === 0x5d || byte === 0x7d;

/** The place of the quote that ends the text which begins at `start`; the body's length where nothing ends it. */
function endOfText(body: Uint8Array, start: number): number {
  let end = start + 1;
  while (end < body.length && body[end] !== quote) end += body[end] === backslash ? 2 : 1;
  return end;
}
