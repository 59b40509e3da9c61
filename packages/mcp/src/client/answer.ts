/**
 * Reads the answer to one request from a body of JSON or of server-sent events, in whatever pieces it comes. Decides where a
 * text ends, how large it may be, and what the end of the body means; what a text says is `response.ts`'s.
 */
import type { SseEvent } from "../sse/event.ts";
import { createEventSplitter } from "../sse/split.ts";
import { readMessages, type AnswerEvent, type ResponseWanted } from "./response.ts";

/** A reader of one answer. `end` says that no more bytes come; then one event settles the request, unless one did before. */
export interface AnswerReader {
  readonly push: (chunk: Uint8Array) => readonly AnswerEvent[];
  readonly end: () => readonly AnswerEvent[];
}

/** What is read, from what, and how much of it. Bounds in bytes. */
export interface AnswerOptions extends ResponseWanted {
  readonly contentType: string | undefined;
  /** Bounds a JSON body, and each event of a stream. */
  readonly maxBytes: number;
  /** Bounds all events of a stream together; without it a stream may go on for ever. */
  readonly maxStreamBytes?: number;
}

/** The media type of a Content-Type value: lower-case, without parameters. Source: RFC 9110 section 8.3.1. */
export function parseMediaType(value: string | undefined): string {
  return (value ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Creates a reader for the answer to request `id`. */
export function createAnswerReader(options: AnswerOptions): AnswerReader {
  const type = parseMediaType(options.contentType);
  const settled = settleOnce();
  if (type === "application/json") return createJsonReader(options, settled);
  if (type === "text/event-stream") return createEventReader(options, settled);
  const reason = `the answer is ${type === "" ? "of no media type" : type}, not JSON or an event stream`;
  const broken = (): readonly AnswerEvent[] => settled([{ type: "broken", reason }]);
  return { push: broken, end: broken };
}

type Settle = (events: readonly AnswerEvent[]) => readonly AnswerEvent[];

/** Lets events through up to and with the first that settles the request. */
function settleOnce(): Settle {
  let done = false;
  return (events) => {
    if (done) return [];
    const at = events.findIndex((event) => event.type !== "message");
    done = at >= 0;
    return done ? events.slice(0, at + 1) : events;
  };
}

function createJsonReader(options: AnswerOptions, settled: Settle): AnswerReader {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  return {
    push: (chunk) => {
      sizeBytes += chunk.length;
      if (sizeBytes > options.maxBytes) return settled([tooLarge(options.maxBytes)]);
      chunks.push(chunk);
      return [];
    },
    end: () => {
      const events = readMessages(Buffer.concat(chunks).toString("utf8"), options);
      return settled([...events, { type: "broken", reason: "the answer comes without a response to this request" }]);
    },
  };
}

function createEventReader(options: AnswerOptions, settled: Settle): AnswerReader {
  const { maxBytes, maxStreamBytes = Number.POSITIVE_INFINITY } = options;
  const splitter = createEventSplitter({ maxEventBytes: maxBytes });
  let streamBytes = 0;
  let lastEventId = "";
  let retryMs: number | undefined;
  const take = (event: SseEvent): readonly AnswerEvent[] => {
    streamBytes += event.raw.length;
    if (streamBytes > maxStreamBytes) return [tooLarge(maxStreamBytes)];
    lastEventId = event.id ?? lastEventId;
    retryMs = event.retry ?? retryMs;
    return readEvent(event, options);
  };
  return {
    push: (chunk) => {
      const { events, overflow } = splitter.push(chunk);
      const read = events.flatMap(take);
      return settled(overflow ? [...read, tooLarge(maxBytes)] : read);
    },
    end: () => {
      const last = splitter.end();
      const read = last === undefined ? [] : take(last);
      return settled([...read, endEarly(lastEventId, retryMs)]);
    },
  };
}

function readEvent({ data, id: eventId }: SseEvent, wanted: ResponseWanted): readonly AnswerEvent[] {
  // An event with empty data only gives an id to resume from (MCP 2025-11-25 transports, "Sending Messages to the Server").
  if (data === undefined || data === "") return [];
  const read = readMessages(data, wanted);
  if (eventId === undefined) return read;
  return read.map((each) => (each.type === "message" ? { ...each, eventId } : each));
}

function tooLarge(limitBytes: number): AnswerEvent {
  const reason = `the answer is larger than ${limitBytes} bytes`;
  return { type: "broken", reason, cause: { kind: "tooLarge", limitBytes } };
}

/** A stream that ended before the response. An empty id is none: it resets (HTML standard, "event stream interpretation"). */
function endEarly(lastEventId: string, retryMs: number | undefined): AnswerEvent {
  const reason = "the event stream ended before the response";
  if (lastEventId === "") return { type: "broken", reason };
  return { type: "broken", reason, cause: { kind: "paused", lastEventId, retryMs } };
}
