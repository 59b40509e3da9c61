/**
 * The one narrow interface between a call and the server behind it. HTTP and stdio servers implement it alike,
 * so the stages of a call never know which one answers.
 */
import type { WireReason } from "@outrigger/api/errors";
import type { ScannedMessage } from "@outrigger/mcp";

/** A request as it goes to the server. Header lists are flat: name, value, name, value. */
export interface UpstreamRequest {
  readonly method: "POST" | "GET" | "DELETE";
  /** Path and query as the server knows them. */
  readonly path: string;
  /** Without hop-by-hop headers, Host already rewritten. */
  readonly headers: readonly string[];
  /** The body's own bytes; borrowed until the call has ended. */
  readonly body?: Buffer;
  /** What the scanner read from the body; absent for GET, DELETE and batches. */
  readonly message?: ScannedMessage;
  /** The messages of a batch, each with its own bytes. */
  readonly batch?: readonly { readonly bytes: Buffer; readonly message: ScannedMessage }[];
  readonly sessionId?: string;
  /** Opaque id of the caller; separates callers that share one server process. */
  readonly caller: string;
  /** The text that vouches for the caller; present where it was verified and names somebody. It never goes to the server. */
  readonly assertion?: string;
}

/** Why no whole answer came. `sent`: the server may have seen the request, so it must not be repeated. */
export interface UpstreamFailure {
  readonly reason: Extract<
    WireReason,
    | "UpstreamUnavailable"
    | "UpstreamStarting"
    | "UpstreamTimeout"
    | "UpstreamBroken"
    | "UpstreamCredentialsUnavailable"
    | "UpstreamCredentialsRefused"
    | "CallerUnverified"
    | "CircuitOpen"
    | "FloodLimited"
  >;
  readonly message: string;
  readonly sent: boolean;
  /** When the same call may succeed, in ms, where that is known. */
  readonly retryAfterMs?: number;
}

/**
 * Where an answer goes: one `onHead`, any number of `onData`, then exactly one of `onEnd` and `onFailure`.
 * `onFailure` may also come first or in the middle. `onData` returning false asks to pause until {@link UpstreamCall.resume}.
 */
export interface UpstreamSink {
  readonly onHead: (status: number, headers: readonly string[]) => void;
  readonly onData: (chunk: Buffer) => boolean;
  readonly onEnd: () => void;
  readonly onFailure: (failure: UpstreamFailure) => void;
}

/**
 * A request under way. `abort` tells the server, frees everything and silences the sink; `silent`: because the server said nothing for
 * too long, which is its failure and nobody else's.
 */
export interface UpstreamCall {
  readonly resume: () => void;
  readonly abort: (why?: "silent") => void;
}

/** The caller that the sidecar's own requests are made for: it shares no child and no session with any client. */
export const ownCaller = "outrigger";

/** The server behind the sidecar. */
export interface Upstream {
  readonly send: (request: UpstreamRequest, sink: UpstreamSink) => UpstreamCall;
  readonly close: () => Promise<void>;
}
