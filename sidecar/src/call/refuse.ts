/**
 * Answers that the sidecar gives itself: status, headers and bytes per reason (protocol rules: a denial looks like absence).
 * Knows every shape of refusal; decides nothing.
 */
import { errorMetaKey, rpcCodes, wireErrors, type ErrorDetail, type WireReason } from "@outrigger/api/errors";
import { buildError, buildToolError } from "@outrigger/mcp";
import type { Era } from "./message.ts";

/** A complete answer. */
export interface Refusal {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: readonly string[];
}

/** What a refusal is about. */
export interface RefusedCall {
  readonly idBytes?: Uint8Array;
  readonly method?: string;
  readonly name?: string;
  readonly era: Era;
  readonly server: string;
}

const jsonHeaders = ["content-type", "application/json"];
const idOf = (call: RefusedCall): { idBytes?: Uint8Array } =>
  call.idBytes === undefined ? {} : { idBytes: call.idBytes };

/** A denied tool, prompt, resource, method or task: the same answer as for one that does not exist, without data. */
export function refuseDenied(call: RefusedCall, kind: "tool" | "prompt" | "resource" | "method" | "task"): Refusal {
  const name = call.name ?? "";
  const shapes = {
    tool: { code: rpcCodes.invalidParams, message: `Unknown tool: ${name}`, status: 200 },
    prompt: { code: rpcCodes.invalidParams, message: `Unknown prompt: ${name}`, status: 200 },
    resource: {
      code: call.era === "modern" ? rpcCodes.invalidParams : rpcCodes.legacyResourceNotFound,
      message: `Resource not found: ${name}`,
      status: 200,
    },
    task: { code: rpcCodes.invalidParams, message: "Failed to retrieve task: Task not found", status: 200 },
    method: { code: rpcCodes.methodNotFound, message: "Method not found", status: call.era === "modern" ? 404 : 200 },
  } as const;
  const { code, message, status } = shapes[kind];
  return { status, headers: jsonHeaders, body: buildError({ ...idOf(call), code, message }) };
}

/**
 * A limit, a size or a failure. A tool call gets a result with `isError`, so that the model reads it;
 * other methods get a JSON-RPC error with the same detail in `data`.
 */
export function refuseFor(
  call: RefusedCall,
  why: { readonly reason: WireReason; readonly text: string; readonly limit?: string; readonly retryAfterMs?: number },
): Refusal {
  const wire = wireErrors[why.reason];
  const retryAfterMs = why.retryAfterMs ?? (wire.jsonRpcCode === limitCode ? usualWaitMs : undefined);
  const detail: ErrorDetail = {
    reason: why.reason,
    server: call.server,
    ...(call.name === undefined ? {} : { name: call.name }),
    ...(why.limit === undefined ? {} : { limit: why.limit }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const retry = retryAfterMs === undefined ? [] : ["retry-after", String(Math.ceil(retryAfterMs / 1_000))];
  const headers = [...jsonHeaders, ...retry];
  if (call.method === "tools/call" && call.idBytes !== undefined && readByModel.has(why.reason)) {
    const meta = { [errorMetaKey]: detail };
    return {
      status: 200,
      headers,
      body: buildToolError({ idBytes: call.idBytes, text: why.text, meta, era: call.era }),
    };
  }
  const body = buildError({ ...idOf(call), code: wire.jsonRpcCode, message: why.text, data: { outrigger: detail } });
  return { status: wire.httpStatus, headers, body };
}

/** The code of every refusal that time alone mends, and how long to wait where only the end of others' calls helps. */
const limitCode = wireErrors.RateLimited.jsonRpcCode;
const usualWaitMs = 1_000;

/** Reasons that a model can act on, by waiting, by asking for less, or by asking in another way. */
const readByModel: ReadonlySet<WireReason> = new Set([
  "RateLimited",
  "ConcurrencyLimited",
  "ArgumentsDenied",
  "ArgumentsInvalid",
  "ArgumentsSecret",
  "QueueFull",
  "QueueTimeout",
  "ResponseTooLarge",
  "UpstreamTimeout",
]);

/** A request that can't be read in exactly one way. `code` is -32700 where it is not JSON at all; status 400. */
export function refuseMalformed(what: {
  readonly code: number;
  readonly message: string;
  readonly idBytes?: Uint8Array;
}): Refusal {
  return { status: 400, headers: jsonHeaders, body: buildError(what) };
}
