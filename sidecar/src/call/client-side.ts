/** The client's side of one exchange: writes head and bytes to the raw response and knows whether anybody still listens. */
import type { ServerResponse } from "node:http";
import type { Refusal } from "./refuse.ts";

export interface ClientSide {
  /** Sends status and a flat header list; `flush` sends them before the first byte of the body. */
  readonly head: (status: number, headers: readonly string[], options?: { readonly flush: boolean }) => void;
  /** False asks to pause until the next drain. Bytes for a client that is gone are thrown away. */
  readonly write: (chunk: Buffer) => boolean;
  readonly end: (chunk?: Buffer) => void;
  /** Sends a complete answer of our own; only before the head. */
  readonly refuse: (refusal: Refusal) => void;
  /** Breaks the connection: the only honest end where a body of known length can't be completed. */
  readonly destroy: () => void;
  readonly isHeadSent: () => boolean;
  readonly isGone: () => boolean;
  readonly bytes: () => number;
  readonly status: () => number;
}

/** What the client's side asks and tells. */
interface ClientHandlers {
  /** Writing may go on. */
  readonly drain: () => void;
  /** The client left before the end; once. */
  readonly gone: () => void;
  /** Whether the connection is to end with this answer. */
  readonly isLeaving: () => boolean;
}

/** Up to here an answer is written with its head: copying costs less than a second write. */
const joinedBytes = 16 * 1024;

/** Wraps a hijacked response. */
export function createClientSide(response: ServerResponse, on: ClientHandlers): ClientSide {
  let bytes = 0;
  let gone = false;
  /** Few answers are larger than what is taken at once: only those wait. */
  let isWaiting = false;
  response.sendDate = false;
  response.on("close", () => {
    if (gone) return;
    gone = true;
    if (!response.writableFinished) on.gone();
  });
  const head: ClientSide["head"] = (status, headers, options) => {
    if (gone || response.headersSent) return;
    // Asked again here: the call may have come before that began.
    if (on.isLeaving()) response.shouldKeepAlive = false;
    // Node reads the list and keeps nothing of it.
    response.writeHead(status, headers as string[]);
    if (options?.flush === true) response.flushHeaders();
  };
  const end: ClientSide["end"] = (chunk) => {
    if (gone) return;
    bytes += chunk?.length ?? 0;
    // Node writes a text with the head before it in one piece, and bytes apart from it; each byte is one character of latin1.
    if (chunk !== undefined && chunk.length <= joinedBytes) response.end(chunk.toString("latin1"), "latin1");
    else response.end(chunk);
  };
  return {
    head,
    write: (chunk) => {
      if (gone) return true;
      bytes += chunk.length;
      if (response.write(chunk)) return true;
      if (!isWaiting) {
        isWaiting = true;
        response.on("drain", on.drain);
      }
      return false;
    },
    end,
    refuse: (refusal) => {
      head(refusal.status, [...refusal.headers, "content-length", String(refusal.body.length)]);
      end(refusal.body);
    },
    destroy: () => void response.destroy(),
    isHeadSent: () => response.headersSent,
    isGone: () => gone,
    bytes: () => bytes,
    status: () => response.statusCode,
  };
}
