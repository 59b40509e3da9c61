/**
 * Reads header fields of requests, strictly, and joins those that came more than once as node:http does. Pure.
 * Source: RFC 9110 sections 5.1 to 5.6, RFC 9112 section 5.
 */

/** What is known of a name. `joined`: how further values of the same name are taken. */
export interface FieldName {
  readonly lower: string;
  readonly joined: "," | ";" | "first" | "list";
}

/** A field that was read; `valueAt`: where its value begins in the line. */
export interface Field {
  readonly raw: string;
  readonly name: FieldName;
  readonly value: string;
  readonly valueAt: number;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Everything but visible characters, spaces and tabs. */
const control = /[\0-\x08\x0a-\x1f\x7f]/;

/** Names of which the first value alone counts. Source: Node's documentation of `message.headers`. */
const firstOnly: ReadonlySet<string> = new Set([
  ...["age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host"],
  ...["if-modified-since", "if-unmodified-since", "last-modified", "location", "max-forwards"],
  ...["proxy-authorization", "referer", "retry-after", "server", "user-agent"],
]);

/** Names kept; others are looked at anew each time, since callers make names up. */
const maxNames = 200;
const known = new Map<string, FieldName>();

function nameOf(raw: string): FieldName | undefined {
  const remembered = known.get(raw);
  if (remembered !== undefined) return remembered;
  if (!token.test(raw)) return undefined;
  const lower = raw.toLowerCase();
  const name: FieldName = { lower, joined: joinOf(lower) };
  if (known.size < maxNames && raw.length <= 40) known.set(raw, name);
  return name;
}

function joinOf(lower: string): FieldName["joined"] {
  if (firstOnly.has(lower)) return "first";
  if (lower === "cookie") return ";";
  return lower === "set-cookie" ? "list" : ",";
}

/** Reads one line; undefined where it is no field. A line that goes on with an earlier one is none either. */
export function readField(line: string): Field | undefined {
  const colon = line.indexOf(":");
  const raw = line.slice(0, Math.max(colon, 0));
  const name = nameOf(raw);
  if (name === undefined) return undefined;
  let start = colon + 1;
  let end = line.length;
  while (start < end && isSpace(line.charCodeAt(start))) start++;
  while (end > start && isSpace(line.charCodeAt(end - 1))) end--;
  const value = line.slice(start, end);
  return control.test(value) ? undefined : { raw, name, value, valueAt: start };
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;

/** Adds a value to those by name. */
export function addValue(
  headers: Record<string, string | string[]>,
  { lower, joined }: FieldName,
  value: string,
): void {
  // Names in lower case, so that of all that objects bring along only these can be meant.
  if (lower === "__proto__") return;
  const before = headers[lower];
  if (joined === "list") headers[lower] = Array.isArray(before) ? [...before, value] : [value];
  else if (typeof before !== "string") headers[lower] = value;
  else if (joined !== "first") headers[lower] = `${before}${joined} ${value}`;
}
