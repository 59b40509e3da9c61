/** One server-sent event with its exact bytes, and how to write or rewrite one. Source: HTML standard, server-sent events. */

/** An event as it stood in the stream. `raw` holds its bytes with the empty line that ends it. */
export interface SseEvent {
  readonly raw: Buffer;
  /** The data lines joined by line feeds; undefined where the event has none. */
  readonly data?: string;
  readonly id?: string;
  readonly event?: string;
  readonly retry?: number;
  /** True where the event holds comments and nothing else. */
  readonly comment: boolean;
}

/** Writes an event. Line breaks in `data` become several data lines. */
export function encodeEvent(event: {
  readonly data: string;
  readonly event?: string;
  readonly id?: string;
  readonly retry?: number;
}): Buffer {
  const lines = [
    ...(event.event === undefined ? [] : [`event: ${event.event}`]),
    ...(event.id === undefined ? [] : [`id: ${event.id}`]),
    ...(event.retry === undefined ? [] : [`retry: ${event.retry}`]),
    ...event.data.split(/\r\n|\n|\r/).map((line) => `data: ${line}`),
  ];
  return Buffer.from(`${lines.join("\n")}\n\n`);
}

/**
 * The same event with other data: the new data lines stand where the first old one stood, every other byte stays. A byte order
 * mark before a data line is no part of it, and what is replaced must not survive behind one.
 */
export function replaceData(event: SseEvent, data: string): Buffer {
  // One character a byte, so that lines which are no valid UTF-8 stay what they are.
  const lines = event.raw.toString("latin1").match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
  const mark = lines[0]?.startsWith(byteOrderMark) === true ? byteOrderMark : "";
  lines[0] = lines[0]?.slice(mark.length) ?? "";
  const first = Math.max(0, lines.findIndex(isDataLine));
  const lineEnd = /[\r\n]+$/.exec(lines.findLast(isDataLine) ?? "")?.[0] ?? "\n";
  const written = data.split(/\r\n|\n|\r/).map((line) => `data: ${line}${lineEnd}`);
  const rest = lines.slice(first).filter((line) => !isDataLine(line));
  const asText = Buffer.from(written.join(""), "utf8").toString("latin1");
  return Buffer.from(mark + joinLines([...lines.slice(0, first), asText, ...rest]), "latin1");
}

/**
 * The same event without what it says: id, retry and comments stay, so that who resumes goes on behind it. Empty where nothing of
 * that kind is left.
 */
export function dropData(event: SseEvent): Buffer {
  const lines = event.raw.toString("latin1").match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
  const kept = lines.map(withoutMark).filter((line) => !isDataLine(line) && !/^event(?::|[\r\n]|$)/.test(line));
  return kept.every((line) => /^[\r\n]*$/.test(line)) ? Buffer.alloc(0) : Buffer.from(joinLines(kept), "latin1");
}

function withoutMark(line: string, at: number): string {
  return at === 0 && line.startsWith(byteOrderMark) ? line.slice(byteOrderMark.length) : line;
}

/** Joins lines that did not stand together before: CR and the LF of an empty line must not become one line end. */
function joinLines(lines: readonly string[]): string {
  return lines.map((line, at) => (line.endsWith("\r") && lines[at + 1] === "\n" ? `${line}\n` : line)).join("");
}

/** The three bytes of U+FEFF, one character each. */
const byteOrderMark = "\u00ef\u00bb\u00bf";

function isDataLine(line: string): boolean {
  return /^data(?::|[\r\n]|$)/.test(line);
}
