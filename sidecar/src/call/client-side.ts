/** The client's side of one exchange: writes head and bytes to the raw response and knows whether anybody still listens. */
import type { Visit } from "../downstream/visit.ts";
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

/** Makes the client's side of a visit. */
export function createClientSide(visit: Visit, on: ClientHandlers): ClientSide {
  const { channel } = visit;
  let bytes = 0;
  let status = 200;
  let isHeadSent = false;
  /** Few answers are larger than what is taken at once: only those wait. */
  let isWaiting = false;
  channel.watch(visit, {
    drain: () => {
      if (isWaiting) on.drain();
    },
    gone: on.gone,
  });
  const head: ClientSide["head"] = (code, headers, options) => {
    if (isHeadSent || !channel.isOpen(visit)) return;
    isHeadSent = true;
    status = code;
    // Asked only here: the call may have come before that began.
    channel.head(visit, { status: code, headers, isLast: on.isLeaving() });
    if (options?.flush === true) channel.flush(visit);
  };
  const end: ClientSide["end"] = (chunk) => {
    if (!channel.isOpen(visit)) return;
    bytes += chunk?.length ?? 0;
    channel.end(visit, chunk);
  };
  return {
    head,
    write: (chunk) => {
      if (!channel.isOpen(visit)) return true;
      bytes += chunk.length;
      isWaiting = !channel.write(visit, chunk);
      return !isWaiting;
    },
    end,
    refuse: (refusal) => {
      head(refusal.status, [...refusal.headers, "content-length", String(refusal.body.length)]);
      end(refusal.body);
    },
    destroy: () => channel.destroy(visit),
    isHeadSent: () => isHeadSent,
    isGone: () => !channel.isOpen(visit),
    bytes: () => bytes,
    status: () => status,
  };
}
