/** Bytes of answers that are made, not passed on: errors and results with the request's id exactly as it was spelled. */
import type { Era } from "../methods.ts";

/** The id of the request that is answered, as its own bytes; absent where it could not be read (JSON-RPC 2.0: null). */
export interface AnswerTo {
  readonly idBytes?: Uint8Array;
}

function envelope(to: AnswerTo, member: "result" | "error", value: unknown): Buffer {
  const id = to.idBytes === undefined ? "null" : Buffer.from(to.idBytes).toString("utf8");
  return Buffer.from(`{"jsonrpc":"2.0","id":${id},"${member}":${JSON.stringify(value)}}`, "utf8");
}

/** A JSON-RPC error. `data` is left out where it is undefined. Source: JSON-RPC 2.0 section 5.1. */
export function buildError(
  answer: AnswerTo & { readonly code: number; readonly message: string; readonly data?: unknown },
): Buffer {
  const { code, message, data } = answer;
  return envelope(answer, "error", data === undefined ? { code, message } : { code, message, data });
}

/** A JSON-RPC result. */
export function buildResult(answer: AnswerTo & { readonly result: unknown }): Buffer {
  return envelope(answer, "result", answer.result);
}

/**
 * A `tools/call` result with `isError`, which a model reads, where a JSON-RPC error stays with the client.
 * Modern results carry `resultType: "complete"` (MCP 2026-07-28 schema, Result).
 */
export function buildToolError(answer: {
  readonly idBytes: Uint8Array;
  readonly text: string;
  readonly era: Era;
  readonly meta?: Readonly<Record<string, unknown>>;
}): Buffer {
  const result = {
    content: [{ type: "text", text: answer.text }],
    isError: true,
    ...(answer.era === "modern" ? { resultType: "complete" } : {}),
    ...(answer.meta === undefined ? {} : { _meta: answer.meta }),
  };
  return buildResult({ idBytes: answer.idBytes, result });
}
