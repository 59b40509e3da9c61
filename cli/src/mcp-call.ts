/**
 * One request to an MCP endpoint in the modern era: one POST, no session. Messages are built and read by @outrigger/mcp;
 * here is only the socket, and what its end means.
 */
import { buildRequest, createAnswerReader, type AnswerEvent, type JsonObject } from "@outrigger/mcp";
import type { Endpoint } from "./endpoint.ts";
import { explainConnectionError } from "@outrigger/runtime/connection-failure";

/** Where it is asked. `credentials`: the headers that say who asks. */
interface Asked {
  readonly credentials?: Endpoint["credentials"] | undefined;
}

/** What is called. `clientVersion` is told to the server for its logs. */
export interface ToolCall extends Asked {
  readonly url: string;
  readonly name: string;
  readonly arguments: JsonObject;
  readonly clientVersion: string;
}

/** What is asked. `timeoutMs`: how long the whole answer may take; absent: as long as it needs. */
export interface McpRequest extends Asked {
  readonly url: string;
  readonly method: string;
  readonly params: JsonObject;
  readonly clientVersion: string;
  readonly timeoutMs?: number;
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
export async function callTool({ name, arguments: values, ...place }: ToolCall): Promise<CallAnswer> {
  return askMcp({ ...place, method: "tools/call", params: { name, arguments: values } });
}

/** Asks. Never throws. */
export async function askMcp(asked: McpRequest): Promise<CallAnswer> {
  const { url, method, params, clientVersion, timeoutMs, credentials } = asked;
  const request = buildRequest(
    { era: "modern", clientInfo: { name: "outrigger", version: clientVersion }, clientCapabilities: {} },
    { id: requestId, method, params },
  );
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...(await credentials?.()), ...request.headers },
      body: new Uint8Array(request.body),
      ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
    });
    return toAnswer(await readEvent(response), response.status);
  } catch (error) {
    return { kind: "unreachable", message: explainConnectionError(error) };
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
