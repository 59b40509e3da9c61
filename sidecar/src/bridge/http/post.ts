/**
 * Reads one POST into the messages that it holds, and says what is wrong with it before anything is written to a child.
 * Source: MCP 2025-11-25 Streamable HTTP "Sending Messages to the Server"; batches of 2025-03-26.
 */
import type { ScannedMessage } from "@outrigger/mcp";
import type { UpstreamRequest } from "../../upstream/upstream.ts";
import { readAcceptance, type Acceptance } from "./accept.ts";
import { idOf, refusal, type ShortAnswer } from "./refuse.ts";

/** One message with its own bytes. `awaits`: the id under which a response is awaited; absent where none is. */
export interface Part {
  readonly bytes: Buffer;
  readonly message: ScannedMessage;
  readonly awaits?: string | number;
}

/** A POST that may be written. `awaited` counts the parts that await a response. */
export interface Post {
  readonly parts: readonly Part[];
  readonly awaited: number;
  readonly accepts: Acceptance;
  readonly isBatch: boolean;
}

/** Reads a POST. `isTaken` says whether an id is awaited already, so that no answer can be mistaken for another's. */
export function readPost(
  request: UpstreamRequest,
  isTaken: (id: string | number) => boolean,
): { readonly ok: true; readonly post: Post } | { readonly ok: false; readonly refused: ShortAnswer } {
  const parts = partsOf(request).map(markAwaited);
  const ids = parts.flatMap(({ awaits }) => (awaits === undefined ? [] : [awaits]));
  const accepts = readAcceptance(request.headers);
  const refuse = (status: number, message: string) =>
    ({ ok: false, refused: refusal(status, message, idOf(request)) }) as const;
  if (ids.length > 0 && !accepts.json && !accepts.events) {
    return refuse(406, "Accept must list application/json and text/event-stream");
  }
  if (new Set(ids).size < ids.length || ids.some(isTaken)) {
    return refuse(400, "a request with this id is under way already");
  }
  return { ok: true, post: { parts, awaited: ids.length, accepts, isBatch: request.batch !== undefined } };
}

function markAwaited(part: Part): Part {
  const { type, id } = part.message;
  return type === "request" && id !== undefined && id !== null ? { ...part, awaits: id } : part;
}

function partsOf({ batch, body, message }: UpstreamRequest): readonly Part[] {
  if (batch !== undefined) return batch;
  return body === undefined || message === undefined ? [] : [{ bytes: body, message }];
}
