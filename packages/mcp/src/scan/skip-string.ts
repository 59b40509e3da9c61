/**
 * Finds the end of a JSON string and checks its characters and escapes, without decoding it.
 * Next: skip-value.ts. UTF-8 is checked once for the whole body, by the caller.
 */

// Own copies: V8 folds a module's own constants and inlines its own functions, but reads an imported binding at each use,
// which costs a tenth of the whole scan.
const quote = 0x22;
const backslash = 0x5c;

function byteAt(body: Buffer, at: number): number {
  return at < body.length ? (body[at] ?? 0) : 0;
}

/** Below this many bytes a loop beats the native searches, whose calls cost about 200 ns together. */
const nearBytes = 384;

/** Runs above this are only searched for their end: see `skipString`. */
const checkedRunBytes = 65_536;

/** 1 for the bytes that end a plain run inside a string: controls, quote, backslash. */
const endsRun = new Uint8Array(256).fill(1, 0, 0x20);
endsRun[quote] = 1;
endsRun[backslash] = 1;

/** 1 for the letters of the escapes that are two bytes long (RFC 8259 section 7). */
const simpleEscapes = new Uint8Array(256);
for (const letter of '"\\/bfnrt') simpleEscapes[letter.charCodeAt(0)] = 1;

/**
 * Returns the offset behind the closing quote of a string whose content starts at `start`, or a failure (negative, `~offset`).
 * Cost: under 1 ns a byte up to a few hundred bytes, native search beyond.
 * Limit: in a run of more than 64 KiB without a quote, raw control characters and bad escapes, which `JSON.parse` refuses,
 * pass (finding them would triple the cost of a large body). Where the string ends is still exact, so that no value which is
 * read elsewhere can differ between decoders.
 */
export function skipString(body: Buffer, start: number): number {
  const i = skipNear(body, start, start + nearBytes);
  return byteAt(body, i) === quote ? i + 1 : skipLong(body, start, i);
}

/** Walks plain bytes to the next byte that ends a run, or to the end of the body, or to just behind `limit`. */
function skipNear(body: Buffer, start: number, limit: number): number {
  const last = Math.min(limit, body.length - 4);
  let i = start;
  while (i <= last) {
    // Each byte is tested alone, but the bound only once for four.
    if (endsAt(body, i) !== 0) return i;
    if (endsAt(body, i + 1) !== 0) return i + 1;
    if (endsAt(body, i + 2) !== 0) return i + 2;
    if (endsAt(body, i + 3) !== 0) return i + 3;
    i += 4;
  }
  const stop = Math.min(i + 4, body.length);
  while (i < stop && endsAt(body, i) === 0) i++;
  return i;
}

function endsAt(body: Buffer, at: number): number {
  return endsRun[body[at] ?? 0] ?? 1;
}

/** Goes on at `at` in a string that is long or holds escapes. */
function skipLong(body: Buffer, start: number, at: number): number {
  let i = at;
  let nextQuote = start - 1;
  for (;;) {
    const c = byteAt(body, i);
    if (c === quote) return i + 1;
    if (c < 0x20) return ~i;
    if (c === backslash) {
      i = skipEscape(body, i);
      if (i < 0) return i;
      i = skipNear(body, i, i + nearBytes);
    } else {
      if (nextQuote < i) nextQuote = body.indexOf(quote, i);
      if (nextQuote < 0) return ~body.length;
      i = skipRun(body, i, nextQuote);
    }
    if (i < 0) return i;
  }
}

/** Skips a run that ends at `nextQuote` or at a backslash before it, whichever comes first; returns that offset or a failure. */
function skipRun(body: Buffer, start: number, nextQuote: number): number {
  if (nextQuote - start > checkedRunBytes) return skipHugeRun(body, nextQuote);
  const escape = body.subarray(start, nextQuote).indexOf(backslash);
  const end = escape < 0 ? nextQuote : start + escape;
  const control = findControl(body, start, end);
  return control < 0 ? end : ~control;
}

/** Returns `nextQuote` if it ends the string, the offset behind it if it is escaped, or a failure if that cannot be said. */
function skipHugeRun(body: Buffer, nextQuote: number): number {
  // A decoder that does not look at the digits of `\u` would take the quote for one of them.
  for (let i = nextQuote - 5; i < nextQuote - 1; i++) {
    if (byteAt(body, i + 1) === 0x75 && isOddRun(body, i)) return ~i;
  }
  return isOddRun(body, nextQuote - 1) ? nextQuote + 1 : nextQuote;
}

/** Says whether an odd number of backslashes ends at `at`: then the last one begins an escape. */
function isOddRun(body: Buffer, at: number): boolean {
  let i = at;
  while (byteAt(body, i) === backslash) i--;
  return ((at - i) & 1) === 1;
}

function skipEscape(body: Buffer, at: number): number {
  const c = byteAt(body, at + 1);
  if (simpleEscapes[c] === 1) return at + 2;
  if (c !== 0x75) return ~at;
  for (let i = at + 2; i < at + 6; i++) {
    if (!isHexDigit(byteAt(body, i))) return ~at;
  }
  return at + 6;
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}

/**
 * Returns the offset of the first byte below 0x20 in `[start, end)`, or -1.
 * Four bytes at a time: a byte is a control exactly when its top three bits are 0, and the shifts gather those in bit 7.
 */
function findControl(body: Buffer, start: number, end: number): number {
  const head = (4 - ((body.byteOffset + start) & 3)) & 3;
  const wordCount = (end - start - head) >> 2;
  if (wordCount < 1) return findControlByte(body, start, end);
  const words = new Int32Array(body.buffer, body.byteOffset + start + head, wordCount);
  let all = -1;
  for (let i = 0; i < wordCount; i++) {
    const word = words[i] ?? 0;
    all &= word | (word << 1) | (word << 2);
  }
  if ((all & 0x80808080) !== (0x80808080 | 0)) return findControlByte(body, start, end);
  const atHead = findControlByte(body, start, start + head);
  return atHead < 0 ? findControlByte(body, start + head + wordCount * 4, end) : atHead;
}

function findControlByte(body: Buffer, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    if (byteAt(body, i) < 0x20) return i;
  }
  return -1;
}
