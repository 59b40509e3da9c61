/** Answers that are given before a message reaches a server: JSON-RPC errors over HTTP. */
import type { ServerResponse } from "node:http";
import { wireErrors, type WireReason } from "@outrigger/api/errors";
import { reasons } from "@outrigger/api/reasons";
import { buildError } from "@outrigger/mcp";

/** A refusal. `idBytes` is the request's id as it was spelled; without it the id is null. */
export interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly idBytes?: Uint8Array | undefined;
  /** Value of the Allow header. */
  readonly allow?: string;
  /** Value of the Retry-After header. */
  readonly retryAfterSeconds?: number;
}

/** The refusal for a reason, in the reason's own words where there are none. */
export function refuseFor(reason: WireReason, message: string = reasons[reason].sentence): Refusal {
  const { httpStatus, jsonRpcCode } = wireErrors[reason];
  return { status: httpStatus, code: jsonRpcCode, message };
}

/** Sends a refusal and ends the response. */
export function sendError(res: ServerResponse, refusal: Refusal): void {
  const { status, code, message, idBytes, allow, retryAfterSeconds } = refusal;
  const body = buildError({ code, message, ...(idBytes === undefined ? {} : { idBytes }) });
  res
    .writeHead(status, {
      "content-type": "application/json",
      "content-length": body.length,
      ...(allow === undefined ? {} : { allow }),
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    })
    .end(body);
}
