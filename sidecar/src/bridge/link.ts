/**
 * The way to a server that belongs to one session: messages in, messages out, one end. A process is behind it (stdio/) or an event
 * stream with its message endpoint (upstream/sse/); what is said over it is session.ts's.
 */
import type { UpstreamFailure } from "../upstream/upstream.ts";
import type { ServerMessage } from "./read-message.ts";

/**
 * Why a session's link ended. `NotStarted`: there never was one; `Awaited`: who would open it is not there yet; `Refused`: who would
 * open it has as many as it may; `Exited`: the server ended it; `Broken`: it broke a bound or a rule; `Stopped`: we ended it.
 * `message` may be shown to callers.
 */
export interface LinkEnd {
  readonly kind: "NotStarted" | "Awaited" | "Refused" | "Exited" | "Broken" | "Stopped";
  readonly message: string;
}

/** A whole HTTP answer; `headers` is a flat list without a length. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Why the server did not take a message: it said so by an HTTP status, or it could not be asked. */
export type NotTaken = { readonly answer: WholeAnswer } | { readonly failure: UpstreamFailure };

/** What goes with a message, of the request that brought it. `headers`: flat list; `assertion`: what vouches for its caller, where anything does. */
export interface Delivery {
  readonly headers: readonly string[];
  readonly assertion?: string | undefined;
  /** Told once for each message that was queued and not dropped: the server has it, or will not get it. */
  readonly onTaken: (refused?: NotTaken) => void;
}

/** A message on its way. `drop` takes it back and says whether that came in time. */
export interface QueuedMessage {
  readonly isWritten: () => boolean;
  readonly drop: () => boolean;
}

/** Who hears of a link. `onEnd` comes exactly once and after it nothing. */
export interface LinkListener {
  readonly onMessage: (message: ServerMessage) => void;
  readonly onEnd: (end: LinkEnd) => void;
}

/** An open or opening link. */
export interface Link {
  /** Queues a message; undefined where the queue is full or the link has ended. */
  readonly write: (message: Buffer, delivery: Delivery) => QueuedMessage | undefined;
  /** Stops reading what the server says until every holder has released it. */
  readonly hold: (holder: object) => void;
  readonly release: (holder: object) => void;
  readonly stop: (message: string) => void;
}
