/**
 * Splits a byte stream into server-sent events, whatever the pieces it comes in. Line ends are LF, CRLF or CR, also mixed.
 * Source: HTML standard, server-sent events, "parsing an event stream".
 */
import type { SseEvent } from "./event.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Whole events, and whether the one that is under way has become too large: then the splitter takes no more. */
export interface Split {
  readonly events: readonly SseEvent[];
  readonly overflow: boolean;
}

export interface EventSplitter {
  readonly push: (chunk: Uint8Array) => Split;
  /** Says that the stream has ended: the event that only waited for the second half of a CRLF. Half an event is no event. */
  readonly end: () => SseEvent | undefined;
  /** Bytes of the event that is under way. */
  readonly bufferedBytes: () => number;
}

/** Creates a splitter; an event may have so many bytes. Cost: every byte is searched once and copied a bounded number of times. */
export function createEventSplitter(options: { readonly maxEventBytes: number }): EventSplitter {
  const held = createHold();
  // Offset up to which no end of an event was found.
  let searched = 0;
  let isFirst = true;
  let overflow = false;
  return {
    push: (chunk) => {
      if (overflow) return { events: [], overflow };
      const bytes = held.add(chunk);
      const events: SseEvent[] = [];
      let start = 0;
      for (let end = findEnd(bytes, start, searched); end > 0; end = findEnd(bytes, start, start)) {
        events.push(parseEvent(bytes.subarray(start, end), isFirst));
        isFirst = false;
        start = end;
      }
      if (start > 0) held.restart(bytes.subarray(start));
      // An end may begin in the last three bytes and go on in the next chunk.
      searched = Math.max(0, held.size() - 3);
      const fitting = events.filter(({ raw }) => raw.length <= options.maxEventBytes);
      overflow = held.size() > options.maxEventBytes || fitting.length < events.length;
      return { events: fitting, overflow };
    },
    end: () => {
      const bytes = held.add(new Uint8Array(0));
      const isWhole = !overflow && bytes.at(-1) === carriageReturn && endsWithEmptyLine(bytes);
      return isWhole ? parseEvent(bytes, isFirst) : undefined;
    },
    bufferedBytes: held.size,
  };
}

/** Bytes that wait for more: grows by doubling, so that many small chunks cost no more than one large one. */
function createHold(): { add: (chunk: Uint8Array) => Buffer; restart: (rest: Uint8Array) => void; size: () => number } {
  let store = Buffer.alloc(0);
  let used = 0;
  return {
    add: (chunk) => {
      if (store.length < used + chunk.length) {
        const larger = Buffer.allocUnsafe(used === 0 ? chunk.length : 2 * (used + chunk.length));
        store.copy(larger, 0, 0, used);
        store = larger;
      }
      store.set(chunk, used);
      used += chunk.length;
      return store.subarray(0, used);
    },
    // Events are slices of the old store, so the rest gets a new one.
    restart: (rest) => {
      store = Buffer.from(rest);
      used = rest.length;
    },
    size: () => used,
  };
}

/**
 * Offset behind the empty line that ends the event starting at `start`, or 0 where it has not come yet.
 * A carriage return at the very end may be half of CRLF: it waits for the next byte.
 */
function findEnd(bytes: Buffer, start: number, from: number): number {
  let i = Math.max(start, from);
  // At the start of the event an empty line ends it at once.
  if (i === start) {
    const empty = lineEnd(bytes, i);
    if (empty !== 0) return empty;
  }
  for (; i < bytes.length; i++) {
    const c = bytes[i];
    if (c !== lineFeed && c !== carriageReturn) continue;
    const next = lineEnd(bytes, i);
    if (next === 0) return 0;
    const after = lineEnd(bytes, next);
    if (after !== 0) return after;
    i = next - 1;
  }
  return 0;
}

/** Whether bytes that end with CR are a whole event: with the line feed that did not come, they would be. */
function endsWithEmptyLine(bytes: Buffer): boolean {
  return findEnd(Buffer.concat([bytes, Buffer.from("\n")]), 0, 0) === bytes.length + 1;
}

/** Offset behind the line end at `at`; 0 where there is none, or where it can't be told yet. */
function lineEnd(bytes: Buffer, at: number): number {
  const c = bytes[at];
  if (c === lineFeed) return at + 1;
  if (c !== carriageReturn || at + 1 >= bytes.length) return 0;
  return bytes[at + 1] === lineFeed ? at + 2 : at + 1;
}

function parseEvent(raw: Buffer, isFirst: boolean): SseEvent {
  const text = raw.toString("utf8");
  const lines = (isFirst && text.startsWith("\ufeff") ? text.slice(1) : text).split(/\r\n|\n|\r/);
  const data: string[] = [];
  const fields: { id?: string; event?: string; retry?: number } = {};
  let comments = 0;
  for (const line of lines) {
    if (line.startsWith(":")) comments++;
    else if (line !== "") readField(line, data, fields);
  }
  const comment = comments > 0 && data.length === 0 && Object.keys(fields).length === 0;
  return { raw, comment, ...fields, ...(data.length === 0 ? {} : { data: data.join("\n") }) };
}

function readField(line: string, data: string[], fields: { id?: string; event?: string; retry?: number }): void {
  const colon = line.indexOf(":");
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
  switch (name) {
    case "data":
      data.push(value);
      break;
    case "id":
      if (!value.includes("\0")) fields.id = value;
      break;
    case "event":
      fields.event = value;
      break;
    case "retry":
      if (/^[0-9]+$/.test(value)) fields.retry = Number(value);
      break;
    default:
      // Other fields have no meaning (HTML standard) but stay in the event's bytes.
      break;
  }
}
