/** Reads flat lists of headers: name, value, name, value. Names ignore case. */

/** The first value of a header; `name` in lower case. */
export function findHeader(headers: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const each = headers[at];
    if (each?.length === name.length && (each === name || each.toLowerCase() === name)) return headers[at + 1];
  }
  return undefined;
}

/** The media type in lower case and without parameters; empty where there is none. */
export function readMediaType(headers: readonly string[]): string {
  const type = findHeader(headers, "content-type");
  if (type === undefined || type === "application/json" || type === "text/event-stream") return type ?? "";
  return (type.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** Says whether the headers declare an event stream. */
export function isEventStream(headers: readonly string[]): boolean {
  return readMediaType(headers) === "text/event-stream";
}
