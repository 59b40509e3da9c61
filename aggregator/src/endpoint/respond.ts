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
  /** Value of the WWW-Authenticate header. */
  readonly authenticate?: string;
}

/** The refusal for a reason, in the reason's own words where there are none. */
export function refuseFor(reason: WireReason, message: string = reasons[reason].sentence): Refusal {
  const { httpStatus, jsonRpcCode } = wireErrors[reason];
  return { status: httpStatus, code: jsonRpcCode, message };
}

/** The refusal of a request that was passed on to the replica that holds its session, or its call, which went away before it answered. */
export function refuseBroken(body: unknown, held: "session" | "call" = "session"): Refusal {
  const message =
    `The replica that held this ${held} went away while it answered; the request may have been carried out.` +
    (held === "session" ? " The session goes on." : " The call is lost.");
  const id = typeof body === "object" && body !== null && "id" in body ? body.id : undefined;
  const idBytes = id === undefined ? undefined : Buffer.from(JSON.stringify(id));
  return { ...refuseFor("UpstreamUnavailable", message), idBytes, retryAfterSeconds: 1 };
}

/** The refusal while it is not known yet which servers there are. */
export function refuseUnread(): Refusal {
  const message = "Which servers there are is still being read. Try again.";
  return { ...refuseFor("UpstreamStarting", message), retryAfterSeconds: 1 };
}

/** Sends a refusal and ends the response. */
export function sendError(res: ServerResponse, refusal: Refusal): void {
  const { status, code, message, idBytes, allow, retryAfterSeconds, authenticate } = refusal;
  const body = buildError({ code, message, ...(idBytes === undefined ? {} : { idBytes }) });
  res
    .writeHead(status, {
      "content-type": "application/json",
      "content-length": body.length,
      ...(allow === undefined ? {} : { allow }),
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
      ...(authenticate === undefined ? {} : { "www-authenticate": authenticate }),
    })
    .end(body);
}
