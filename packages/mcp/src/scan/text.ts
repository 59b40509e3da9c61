/** Decodes JSON strings that the scanner has already found well-formed, and says which texts every decoder reads alike. */
import { isDigit, minus } from "./bytes.ts";

/**
 * Returns the text of the JSON string in `[start, end)`, quotes included, as `JSON.parse` would give it.
 * The bytes must have passed `skipString` and a UTF-8 check of the body.
 */
export function decodeString(body: Buffer, start: number, end: number): string {
  const raw = body.toString("utf8", start + 1, end - 1);
  return raw.includes("\\") ? parseQuoted(raw) : raw;
}

/**
 * Returns the same, or undefined where decoders disagree: C strings end at NUL, and a lone surrogate becomes U+FFFD in Go and
 * an error in Rust. Only escapes can spell either.
 */
export function decodeAgreedString(body: Buffer, start: number, end: number): string | undefined {
  const raw = body.toString("utf8", start + 1, end - 1);
  if (!raw.includes("\\")) return raw;
  const text = parseQuoted(raw);
  return text.includes("\0") || !text.isWellFormed() ? undefined : text;
}

function parseQuoted(raw: string): string {
  const value: unknown = JSON.parse(`"${raw}"`);
  return typeof value === "string" ? value : "";
}

/**
 * Returns the safe integer that the number in `[start, end)` spells plainly (`-?(0|[1-9][0-9]*)`, not `-0`), else undefined.
 */
export function decodePlainInteger(body: Buffer, start: number, end: number): number | undefined {
  const negative = body[start] === minus;
  const first = negative ? start + 1 : start;
  if (end - first > 16) return undefined;
  let value = 0;
  for (let i = first; i < end; i++) {
    const c = body[i] ?? 0;
    if (!isDigit(c)) return undefined;
    value = value * 10 + (c - 0x30);
  }
  if (value > Number.MAX_SAFE_INTEGER || (negative && value === 0)) return undefined;
  return negative ? -value : value;
}
