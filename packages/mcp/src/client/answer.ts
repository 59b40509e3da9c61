/**
 * Reads the answer to one request from a body of JSON or of server-sent events, in whatever pieces it comes.
 * Everything a peer controls is bounded, and what is no answer is said to be broken, never guessed.
 */
import type { SseEvent } from "../sse/event.ts";
import { createEventSplitter } from "../sse/split.ts";

/** A JSON object as it came; unknown members are kept. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON-RPC error object. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** What was read. After `answer`, `error` or `broken` nothing more comes. */
export type AnswerEvent =
  | { readonly type: "answer"; readonly result: JsonObject; readonly message: JsonObject }
  | { readonly type: "error"; readonly error: RpcError; readonly message: JsonObject }
  | { readonly type: "message"; readonly message: JsonObject; readonly eventId?: string }
  | { readonly type: "broken"; readonly reason: string };

/** A reader of one answer. `end` says that no more bytes come. */
export interface AnswerReader {
  readonly push: (chunk: Uint8Array) => readonly AnswerEvent[];
  readonly end: () => readonly AnswerEvent[];
}

/** The media type of a Content-Type value: lower-case, without parameters. Source: RFC 9110 section 8.3.1. */
export function parseMediaType(value: string | undefined): string {
  return (value ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Creates a reader for the answer to request `id`. `maxBytes` bounds a JSON body and each event. */
export function createAnswerReader(options: {
  readonly id: string | number;
  readonly contentType: string | undefined;
  readonly maxBytes: number;
}): AnswerReader {
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

function createJsonReader(options: { id: string | number; maxBytes: number }, settled: Settle): AnswerReader {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    push: (chunk) => {
      size += chunk.length;
      if (size > options.maxBytes) return settled([{ type: "broken", reason: tooLarge(options.maxBytes) }]);
      chunks.push(chunk);
      return [];
    },
    end: () => {
      const events = readJson(Buffer.concat(chunks).toString("utf8"), options.id);
      const isSettled = events.some((event) => event.type !== "message");
      return settled(
        isSettled ? events : [...events, { type: "broken", reason: "the answer holds no response to this request" }],
      );
    },
  };
}

const tooLarge = (limit: number): string => `the answer is larger than ${limit} bytes`;

function createEventReader(options: { id: string | number; maxBytes: number }, settled: Settle): AnswerReader {
  const splitter = createEventSplitter({ maxEventBytes: options.maxBytes });
  return {
    push: (chunk) => {
      const split = splitter.push(chunk);
      const events = split.events.flatMap((event) => readEvent(event, options.id));
      return settled(split.overflow ? [...events, { type: "broken", reason: tooLarge(options.maxBytes) }] : events);
    },
    end: () => {
      const last = splitter.end();
      const events = last === undefined ? [] : readEvent(last, options.id);
      return settled([...events, { type: "broken", reason: "the event stream ended before the response" }]);
    },
  };
}

function readEvent(event: SseEvent, id: string | number): AnswerEvent[] {
  if (event.data === undefined || event.data === "") return [];
  const read = readJson(event.data, id);
  const eventId = event.id;
  if (eventId === undefined) return read;
  return read.map((each) => (each.type === "message" ? { ...each, eventId } : each));
}

function readJson(text: string, id: string | number): AnswerEvent[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [{ type: "broken", reason: "the answer is not valid JSON" }];
  }
  const messages: readonly unknown[] = Array.isArray(value) ? value : [value];
  return messages.map((message) => classify(message, id));
}

function classify(message: unknown, id: string | number): AnswerEvent {
  if (!isObject(message)) return { type: "broken", reason: "the answer is not a JSON-RPC message" };
  if (typeof message["method"] === "string") return { type: "message", message };
  const { error, result } = message;
  // An error without id is about this request too: the server could not read which one (JSON-RPC 2.0 section 5).
  const isOurs = message["id"] === id || (message["id"] === null && error !== undefined);
  if (!isOurs) return { type: "message", message };
  if (isObject(result)) return { type: "answer", result, message };
  if (isObject(error) && typeof error["code"] === "number")
    return { type: "error", message, error: readError(error, error["code"]) };
  return { type: "broken", reason: "the response has neither a result nor an error" };
}

function readError(error: JsonObject, code: number): RpcError {
  const message = typeof error["message"] === "string" ? error["message"] : "";
  return error["data"] === undefined ? { code, message } : { code, message, data: error["data"] };
}
