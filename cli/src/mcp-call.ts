/**
 * One tools/call to an MCP endpoint in the modern era: one POST, no session. Messages are built and read by @outrigger/mcp;
 * here is only the socket, and what its end means.
 */
import { buildRequest, createAnswerReader, type AnswerEvent, type JsonObject } from "@outrigger/mcp";
import { explainFetchError } from "./rest.ts";

/** What is called. `clientVersion` is told to the server for its logs. */
export interface ToolCall {
  readonly url: string;
  readonly name: string;
  readonly arguments: JsonObject;
  readonly clientVersion: string;
}

/** What came back: a result, a JSON-RPC error, something that is no answer, or nothing. */
export type CallAnswer =
  | { readonly kind: "result"; readonly result: JsonObject }
  | {
      readonly kind: "error";
      readonly code: number;
      readonly message: string;
      readonly data: JsonObject;
      readonly status: number;
    }
  | { readonly kind: "broken"; readonly status: number; readonly why: string }
  | { readonly kind: "unreachable"; readonly message: string };

const requestId = 1;
const maxAnswerBytes = 64 * 1024 ** 2;

/** Calls a tool. Never throws. */
export async function callTool(call: ToolCall): Promise<CallAnswer> {
  const request = buildRequest(
    { era: "modern", clientInfo: { name: "outrigger", version: call.clientVersion }, clientCapabilities: {} },
    { id: requestId, method: "tools/call", params: { name: call.name, arguments: call.arguments } },
  );
  try {
    const response = await fetch(call.url, {
      method: "POST",
      headers: request.headers,
      body: new Uint8Array(request.body),
    });
    return toAnswer(await readEvent(response), response.status);
  } catch (error) {
    return { kind: "unreachable", message: explainFetchError(error) };
  }
}

/** The event that settles the request; what comes before it (progress, log messages) has no place on a command line. */
async function readEvent(response: Response): Promise<AnswerEvent> {
  const contentType = response.headers.get("content-type") ?? undefined;
  const reader = createAnswerReader({ id: requestId, contentType, maxBytes: maxAnswerBytes });
  const body: ReadableStream<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    const settled = reader.push(chunk).find(({ type }) => type !== "message");
    if (settled !== undefined) return settled;
  }
  return reader.end().find(({ type }) => type !== "message") ?? { type: "broken", reason: "the answer is empty" };
}

function toAnswer(event: AnswerEvent, status: number): CallAnswer {
  if (event.type === "answer") return { kind: "result", result: event.result };
  if (event.type === "error") {
    const { code, message, data } = event.error;
    return { kind: "error", code, message, data: isObject(data) ? data : {}, status };
  }
  return { kind: "broken", status, why: event.type === "broken" ? event.reason : "the answer is empty" };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
