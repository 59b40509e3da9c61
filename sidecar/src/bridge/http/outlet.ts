/**
 * Writes one HTTP answer into a sink: head, data, end. It decides when the sink may be written to and whom a slow reader
 * holds up; what is written is decided in answer.ts and session-stream.ts.
 */
import type { UpstreamFailure, UpstreamSink } from "../../upstream/upstream.ts";

/** Who stops sending while the reader is behind: the child whose messages would pile up. */
export interface Holdable {
  readonly hold: (holder: object) => void;
  readonly release: (holder: object) => void;
}

/** The way to one reader. After `end`, `fail` or `silence` nothing reaches the sink. */
export interface Outlet {
  readonly isOpen: () => boolean;
  readonly head: (status: number, headers: readonly string[]) => void;
  readonly data: (chunk: Buffer) => void;
  readonly end: () => void;
  readonly fail: (failure: UpstreamFailure) => void;
  /** The reader has gone. */
  readonly silence: () => void;
  readonly resume: () => void;
  /** Milliseconds that the reader has been behind; 0 where it is not. */
  readonly stalledForMs: (nowMs: number) => number;
  /** Milliseconds since something was written. */
  readonly quietForMs: (nowMs: number) => number;
}

/** Creates an outlet. */
export function createOutlet(sink: UpstreamSink, deps: { source: Holdable; now: () => number }): Outlet {
  const { source, now } = deps;
  let isOpen = true;
  let blockedSinceMs: number | undefined;
  let writtenAtMs = now();
  const self = {};
  const resume = (): void => {
    blockedSinceMs = undefined;
    source.release(self);
  };
  const close = (): boolean => {
    const wasOpen = isOpen;
    isOpen = false;
    resume();
    return wasOpen;
  };
  return {
    isOpen: () => isOpen,
    head(status, headers) {
      if (isOpen) sink.onHead(status, headers);
    },
    data(chunk) {
      if (!isOpen) return;
      writtenAtMs = now();
      if (sink.onData(chunk) || blockedSinceMs !== undefined) return;
      blockedSinceMs = now();
      source.hold(self);
    },
    end() {
      if (close()) sink.onEnd();
    },
    fail(failure) {
      if (close()) sink.onFailure(failure);
    },
    silence: () => void close(),
    resume,
    stalledForMs: (nowMs) => (blockedSinceMs === undefined ? 0 : nowMs - blockedSinceMs),
    quietForMs: (nowMs) => nowMs - writtenAtMs,
  };
}
