/**
 * Reads one JSON text of an answer: which of its messages settles the request, and what is said on the way. What settles it
 * without being a response is said to be broken, never guessed. How texts are framed and bounded is `answer.ts`'s.
 */

/** A JSON object as it came; unknown members are kept. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON-RPC error object; unknown members are kept. `message` is empty where the peer sent no text. */
export interface RpcError extends JsonObject {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/**
 * Why an answer that was in good order so far is none. `paused`: its stream was closed before the response and can be resumed
 * after the event `lastEventId`, no sooner than after `retryMs` (MCP 2025-11-25 transports, "Resumability").
 */
export type AnswerBreak =
  | { readonly kind: "paused"; readonly lastEventId: string; readonly retryMs: number | undefined }
  | { readonly kind: "tooLarge"; readonly limitBytes: number };

/**
 * What was read. After `answer`, `error` or `broken` nothing more comes. `message`: a notification or a request of the server;
 * responses to other requests are left out. `reason` is a clause without a full stop; `cause` is there for those who can act on it.
 */
export type AnswerEvent =
  | { readonly type: "answer"; readonly result: JsonObject; readonly message: JsonObject }
  | { readonly type: "error"; readonly error: RpcError; readonly message: JsonObject }
  | { readonly type: "message"; readonly message: JsonObject; readonly eventId?: string }
  | { readonly type: "broken"; readonly reason: string; readonly cause?: AnswerBreak };

/** Whose answer is read and how. `parse` reads one JSON text and throws where it is none; `JSON.parse` where absent. */
export interface ResponseWanted {
  readonly id: string | number;
  readonly parse?: (text: string) => unknown;
}

/** The events of a text: a message, or an array of them as 2025-03-26 allows. They are not cut at the one that settles. */
export function readMessages(text: string, { id, parse = JSON.parse }: ResponseWanted): readonly AnswerEvent[] {
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    return [{ type: "broken", reason: "the answer is not JSON" }];
  }
  const messages: readonly unknown[] = Array.isArray(value) ? value : [value];
  return messages.flatMap((message) => classify(message, id) ?? []);
}

function classify(message: unknown, id: string | number): AnswerEvent | undefined {
  if (!isObject(message)) return { type: "broken", reason: "the answer is not a JSON-RPC message" };
  if (typeof message["method"] === "string") return { type: "message", message };
  const { error, result } = message;
  // An error without id is about this request too: the server could not read which one (JSON-RPC 2.0 section 5).
  const isOurs = message["id"] === id || (message["id"] === null && error !== undefined);
  if (!isOurs) return undefined;
  if (isObject(result)) return { type: "answer", result, message };
  if (isObject(error) && typeof error["code"] === "number")
    return { type: "error", message, error: readError(error, error["code"]) };
  return { type: "broken", reason: "the response has neither a result nor an error" };
}

function readError(error: JsonObject, code: number): RpcError {
  return { ...error, code, message: typeof error["message"] === "string" ? error["message"] : "" };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
