/**
 * The one interface to where a session's byte streams come from: a process of the sidecar's own (spawned.ts), or a connection to
 * the shim, which runs the process in the server's container (connected.ts). What is said over them is child.ts's.
 */
import type { Readable, Writable } from "node:stream";
import type { Logger } from "@outrigger/runtime/logger";
import type { ChildEnd } from "./child-end.ts";
import type { Input } from "./input.ts";

/** The streams of one session. */
export interface ServerStreams {
  /** Of a process of our own. */
  readonly pid: number | undefined;
  readonly input: Writable;
  readonly output: Readable;
  /** Takes a line that is no message; true where not the server wrote it, but who runs the server. */
  readonly takeNotice: (line: Buffer) => boolean;
  /** Asks the server to end and makes sure that it does; it never blocks the caller. */
  readonly end: (input: Input) => void;
  /** Settles when nothing of the session is left that can be known from here. */
  readonly gone: Promise<void>;
}

/** Who hears of the streams. Both may be told more than once; the first end is the cause. */
export interface StreamsListener {
  /** Nothing more comes from the server. `lives`: it has to be ended. */
  readonly onEnd: (end: ChildEnd, lives: "lives" | "gone") => void;
  /** The server has ended; what it wrote before comes out now, whoever holds it up. */
  readonly onExit: () => void;
}

/** What opening needs besides. */
export interface StreamsDeps {
  readonly logger: Logger;
  readonly now: () => number;
}

/** A source of streams. */
export interface StreamSource {
  /** Opens the streams of one session; an end instead where that fails at once. Never throws. */
  readonly open: (
    listener: StreamsListener,
    deps: StreamsDeps,
  ) => { readonly ok: true; readonly streams: ServerStreams } | { readonly ok: false; readonly end: ChildEnd };
  /** Opens no more and looks for nothing any more. */
  readonly close: () => void;
}
