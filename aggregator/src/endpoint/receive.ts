/**
 * Reads the body of a POST: bytes to one parsed message or batch, or the refusal of what is not exactly one. The stage before
 * `classify` and `server`. Source: MCP 2026-07-28 transports; protocol revisions for batches.
 */
import { rpcCodes } from "@outrigger/api/errors";
import { isJsonContentType } from "@modelcontextprotocol/server";
import { allowsBatch, scanMessage, type ScanResult } from "@outrigger/mcp";
import { parseExact } from "../route/exact-json.ts";
import type { Refusal } from "./respond.ts";

/** A message (or batch) as parsed JSON with exact numbers, or why it is refused. */
export type Received =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refusal: Refusal };

/** The headers that matter here, as they came. */
export interface ReceivedHeaders {
  readonly "content-type"?: string | undefined;
  readonly "content-encoding"?: string | undefined;
  readonly "mcp-protocol-version"?: string | string[] | undefined;
}

/** Reads a body. Errors: 415 wrong media type or encoded, 400 not one message that every decoder reads alike. */
export function receiveBody(body: Uint8Array, headers: ReceivedHeaders): Received {
  if (!isJsonContentType(headers["content-type"] ?? null)) {
    return refuse(415, "Content-Type must be application/json.");
  }
  if ((headers["content-encoding"] ?? "identity") !== "identity") {
    return refuse(415, "An encoded body is not accepted.");
  }
  const scanned = scanMessage(body);
  const problem = findProblem(scanned, headers["mcp-protocol-version"]);
  if (problem !== undefined) return problem;
  return { ok: true, value: parseExact(Buffer.from(body).toString("utf8")) };
}

function findProblem(scanned: ScanResult, version: string | string[] | undefined): Received | undefined {
  switch (scanned.kind) {
    case "message":
      return undefined;
    case "batch": {
      const isAllowed = allowsBatch(Array.isArray(version) ? version[0] : version);
      if (!isAllowed) return refuse(400, "Batches exist in revision 2025-03-26 only.");
      return scanned.batch.map((each) => findProblem(scanMessage(each), version)).find((each) => each !== undefined);
    }
    case "refused": {
      const { problem, idBytes } = scanned;
      const isSyntax = ["NotJson", "InvalidUtf8", "ByteOrderMark", "TrailingBytes"].includes(problem);
      const code = isSyntax ? rpcCodes.parseError : rpcCodes.invalidRequest;
      const message = `The request can't be read in exactly one way (${problem}).`;
      return { ok: false, refusal: { status: 400, code, message, idBytes } };
    }
  }
}

function refuse(status: number, message: string): Received {
  return { ok: false, refusal: { status, code: rpcCodes.invalidRequest, message } };
}
