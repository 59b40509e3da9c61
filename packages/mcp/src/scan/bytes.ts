/** The bytes of JSON punctuation, and reads that need no bounds check by the caller. Decides nothing about JSON. */

export const quote = 0x22;
export const backslash = 0x5c;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
export const openBracket = 0x5b;
export const closeBracket = 0x5d;
export const comma = 0x2c;
export const minus = 0x2d;

/**
 * Returns the byte at `at`, or 0 behind the end: 0 is legal nowhere in JSON, so that the end of input refuses itself.
 * Cost: the explicit bound keeps V8 off its slow path for reads beyond a typed array, which it would never leave again.
 */
export function byteAt(body: Uint8Array, at: number): number {
  return at < body.length ? (body[at] ?? 0) : 0;
}

/** Returns a Buffer over the same memory: one hidden class keeps the scan loops fast, and Buffer has the native searches. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Says whether the byte is one of `0` to `9`. */
export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
