/**
 * What a caller gets when a call could not be carried out: a result that the model reads where another try or another question
 * may help, else a JSON-RPC error. Both say the reason in words and in data. Source: docs on refusals, MCP "Error handling".
 */
import { errorMetaKey, wireErrors, type ErrorDetail, type WireReason } from "@outrigger/api/errors";
import { reasons } from "@outrigger/api/reasons";
import type { JsonObject, RpcError } from "@outrigger/mcp";

/** The end of a call: a result or an error, both as they go to the caller. */
export type CallOutcome =
  { readonly kind: "result"; readonly result: JsonObject } | { readonly kind: "error"; readonly error: RpcError };

/** Why a call failed, with a sentence of detail; `retryAfterMs`: when another try may succeed. */
export interface FailureFacts {
  readonly reason: WireReason;
  readonly detail?: string;
  readonly retryAfterMs?: number;
}

/** What is said beside the reason: the server, the public name, the method, one sentence of detail, and when to try again. */
export interface FailedCall {
  readonly method?: string;
  readonly server: string;
  readonly name: string;
  readonly detail?: string;
  readonly retryAfterMs?: number;
}

/** Reasons that a model may do something about: it reads them as the tool's answer. */
const readByModels: readonly WireReason[] = ["UpstreamTimeout", "ResponseTooLarge"];

/** The outcome for a reason. `detail` is shown to the caller: it must hold no secrets of a server. */
export function failCall(reason: WireReason, call: FailedCall): CallOutcome {
  const { server, name, method = "tools/call", detail, retryAfterMs } = call;
  const data: ErrorDetail = { reason, server, name, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const text = `${reasons[reason].sentence}${detail === undefined ? "" : ` ${detail}`} (server ${server})`;
  if (readByModels.includes(reason) && method === "tools/call") {
    const result = { content: [{ type: "text", text }], isError: true, _meta: { [errorMetaKey]: data } };
    return { kind: "result", result };
  }
  return { kind: "error", error: { code: wireErrors[reason].jsonRpcCode, message: text, data: { outrigger: data } } };
}
