/** Texts made smaller, to be kept where there is little room: gzip (RFC 1952) as base64. */
import { gunzipSync, gzipSync } from "node:zlib";

/** Packs a text. Equal texts give equal results. */
export function packText(text: string): string {
  return gzipSync(text, { level: 9 }).toString("base64");
}

/** Unpacks; undefined where it is not such a text, or holds more bytes than `maxBytes`. */
export function unpackText(base64: string, maxBytes: number): string | undefined {
  try {
    return gunzipSync(Buffer.from(base64, "base64"), { maxOutputLength: maxBytes }).toString();
  } catch {
    // What is damaged or too large holds nothing that could be used.
    return undefined;
  }
}
