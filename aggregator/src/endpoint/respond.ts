/** Answers that are given before a message reaches a server: JSON-RPC errors over HTTP. */
import type { ServerResponse } from "node:http";
import { buildError } from "@outrigger/mcp";

/** A refusal. `idBytes` is the request's id as it was spelled; without it the id is null. */
export interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly idBytes?: Uint8Array | undefined;
  /** Value of the Allow header. */
  readonly allow?: string;
}

/** Sends a refusal and ends the response. */
export function sendError(res: ServerResponse, { status, code, message, idBytes, allow }: Refusal): void {
  const body = buildError({ code, message, ...(idBytes === undefined ? {} : { idBytes }) });
  res
    .writeHead(status, {
      "content-type": "application/json",
      "content-length": body.length,
      ...(allow === undefined ? {} : { allow }),
    })
    .end(body);
}
