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

/** A denied tool, prompt, resource or method: the same answer as for one that does not exist, without data. */
export function refuseDenied(call: RefusedCall, kind: "tool" | "prompt" | "resource" | "method"): Refusal {
  const name = call.name ?? "";
  const shapes = {
    tool: { code: rpcCodes.invalidParams, message: `Unknown tool: ${name}`, status: 200 },
    prompt: { code: rpcCodes.invalidParams, message: `Unknown prompt: ${name}`, status: 200 },
    resource: {
      code: call.era === "modern" ? rpcCodes.invalidParams : rpcCodes.legacyResourceNotFound,
      message: `Resource not found: ${name}`,
      status: 200,
    },
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
  why: { readonly reason: WireReason; readonly text: string; readonly retryAfterMs?: number },
): Refusal {
  const detail: ErrorDetail = {
    reason: why.reason,
    server: call.server,
    ...(call.name === undefined ? {} : { name: call.name }),
    ...(why.retryAfterMs === undefined ? {} : { retryAfterMs: why.retryAfterMs }),
  };
  const wire = wireErrors[why.reason];
  const retry = why.retryAfterMs === undefined ? [] : ["retry-after", String(Math.ceil(why.retryAfterMs / 1_000))];
  const headers = [...jsonHeaders, ...(wire.httpStatus === 200 ? [] : retry)];
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

/** Reasons that a model can act on, by waiting or by asking for less. */
const readByModel: ReadonlySet<WireReason> = new Set([
  "RateLimited",
  "ConcurrencyLimited",
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
