/**
 * Reads the answer to one request from an HTTP response, JSON or event stream. Keeps numbers exact and unknown members; bounds
 * everything; what is no answer is said to be broken, never guessed. Decides nothing about what is done next.
 */
import type { Readable } from "node:stream";
import { parseMediaType, type JsonObject } from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import { parseExact } from "./exact-json.ts";
import type { WireRpcError } from "./failure.ts";
import { readBounded, readEvents, TooLargeError } from "./read-events.ts";

/**
 * How an answer ended. `paused`: a stream was closed in good order before the response and can be resumed after the event
 * `lastEventId` (MCP 2025-11-25 transports, "Resumability"). `broken`: one sentence about what is wrong with it.
 */
export type Answer =
  | { readonly kind: "result"; readonly result: JsonObject }
  | { readonly kind: "error"; readonly error: WireRpcError }
  | { readonly kind: "paused"; readonly lastEventId: string; readonly retryMs: number | undefined }
  | { readonly kind: "tooLarge"; readonly limitBytes: number }
  | { readonly kind: "broken"; readonly detail: string };

/** What is read: the id of the request, the bound in bytes over the whole answer, and who gets messages on the way. */
export interface AnswerWanted {
  readonly id: number;
  readonly maxBytes: number;
  /** Notifications and requests of the server that come before the response. */
  readonly onMessage: (message: JsonObject) => void;
}

/** Reads the answer. Errors: rejects with what the body rejects with (aborted, socket closed), with nothing else. */
export async function readAnswer(response: Dispatcher.ResponseData, wanted: AnswerWanted): Promise<Answer> {
  const { statusCode, headers, body } = response;
  const type = parseMediaType(readHeader(headers["content-type"]));
  try {
    if (type === "text/event-stream" && statusCode === 200) return await readStream(body, wanted);
    const text = await readBounded(body, wanted.maxBytes);
    if (type === "application/json") return readText(text, { wanted, statusCode });
    return { kind: "broken", detail: `It answered HTTP ${statusCode} with ${type === "" ? "no media type" : type}.` };
  } catch (error) {
    body.destroy();
    if (error instanceof TooLargeError) return { kind: "tooLarge", limitBytes: error.limitBytes };
    throw error;
  }
}

function readHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function readText(text: string, { wanted, statusCode }: { wanted: AnswerWanted; statusCode: number }): Answer {
  const messages = parseMessages(text);
  if (messages === undefined)
    return { kind: "broken", detail: `It answered HTTP ${statusCode} with text that is not JSON.` };
  for (const message of messages) {
    const answer = classify(message, wanted);
    if (answer !== undefined) return answer;
  }
  return { kind: "broken", detail: `It answered HTTP ${statusCode} without a response to the request.` };
}

/** Longest wait in ms for a stream to end after its response, so that its connection can be used again. */
const lingerMs = 200;

async function readStream(body: Readable, wanted: AnswerWanted): Promise<Answer> {
  const answer = await readStreamEvents(body.iterator({ destroyOnReturn: false }), wanted);
  if (answer.kind === "tooLarge" || answer.kind === "broken") body.destroy();
  else if (!body.readableEnded) {
    const timer = setTimeout(() => body.destroy(), lingerMs);
    // What comes after the response, an error too, changes nothing any more.
    body
      .once("close", () => clearTimeout(timer))
      .on("error", () => undefined)
      .resume();
  }
  return answer;
}

async function readStreamEvents(body: AsyncIterable<Uint8Array>, wanted: AnswerWanted): Promise<Answer> {
  let leftBytes = wanted.maxBytes;
  let lastEventId: string | undefined;
  let retryMs: number | undefined;
  for await (const event of readEvents(body, wanted.maxBytes)) {
    leftBytes -= event.raw.length;
    if (leftBytes < 0) return { kind: "tooLarge", limitBytes: wanted.maxBytes };
    lastEventId = event.id ?? lastEventId;
    retryMs = event.retry ?? retryMs;
    const answer = readEvent(event.data, wanted);
    if (answer !== undefined) return answer;
  }
  // An empty id resets it (HTML standard, "event stream interpretation").
  if (lastEventId !== undefined && lastEventId !== "") return { kind: "paused", lastEventId, retryMs };
  return { kind: "broken", detail: "The event stream ended before the response." };
}

function readEvent(data: string | undefined, wanted: AnswerWanted): Answer | undefined {
  if (data === undefined || data === "") return undefined;
  const messages = parseMessages(data);
  if (messages === undefined) return { kind: "broken", detail: "An event of its answer is not JSON." };
  for (const message of messages) {
    const answer = classify(message, wanted);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** The messages of a text; arrays are legal in 2025-03-26. */
function parseMessages(text: string): readonly unknown[] | undefined {
  try {
    const value = parseExact(text);
    const messages: unknown[] = Array.isArray(value) ? value : [value];
    return messages;
  } catch {
    return undefined;
  }
}

function classify(message: unknown, { id, onMessage }: AnswerWanted): Answer | undefined {
  if (!isObject(message)) return { kind: "broken", detail: "Its answer is not a JSON-RPC message." };
  if (typeof message["method"] === "string") {
    onMessage(message);
    return undefined;
  }
  const { result, error } = message;
  // An error without id is about this request too: its reader could not tell which one (JSON-RPC 2.0 section 5).
  const isOurs = message["id"] === id || (message["id"] === null && error !== undefined);
  if (!isOurs) return undefined;
  if (isObject(result)) return { kind: "result", result };
  if (isRpcError(error)) return { kind: "error", error };
  return { kind: "broken", detail: "Its response has neither a result nor an error." };
}

function isRpcError(value: unknown): value is WireRpcError {
  return isObject(value) && typeof value["code"] === "number" && typeof value["message"] === "string";
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
