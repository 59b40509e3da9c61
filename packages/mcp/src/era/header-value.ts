/** Values of `Mcp-Name` and `Mcp-Param-*`: plain where they can be, else in a base64 envelope. Source: MCP 2026-07-28 transports. */

const opening = "=?base64?";
const closing = "?=";

/** Printable ASCII inside, no space at the ends, and not itself of the envelope's form. */
function isPlain(value: string): boolean {
  return /^[!-~]([ -~]*[!-~])?$/.test(value) && !(value.startsWith(opening) && value.endsWith(closing));
}

/** The header value for a text. */
export function encodeHeaderValue(value: string): string {
  return isPlain(value) ? value : `${opening}${Buffer.from(value, "utf8").toString("base64")}${closing}`;
}

/** The text behind a header value; undefined where an envelope holds no canonical base64 of UTF-8. */
export function decodeHeaderValue(value: string): string | undefined {
  if (!value.startsWith(opening) || !value.endsWith(closing)) return value;
  const encoded = value.slice(opening.length, -closing.length);
  const bytes = Buffer.from(encoded, "base64");
  const text = bytes.toString("utf8");
  const isCanonical = bytes.toString("base64") === encoded && Buffer.from(text, "utf8").equals(bytes);
  return isCanonical ? text : undefined;
}
