/**
 * The stream of one client of the older transport: its endpoint first, then messages as events, comments while it is quiet. Decides
 * when a client that does not read has lost its stream, so that nothing grows behind it.
 */
import type { ServerResponse } from "node:http";
import { encodeEvent } from "@outrigger/mcp";

/** What a stream needs. Times in ms, sizes in bytes. */
export interface EventStreamOptions {
  /** Where the client posts. */
  readonly endpoint: string;
  readonly nowMs: () => number;
  /** What waits for its reader on all streams together, this one included. */
  readonly waitingOnAll: () => number;
  /** Once, when nothing can be sent any more, whoever ended it. */
  readonly onEnd: () => void;
}

/** An open stream. */
export interface EventStream {
  /** Sends one message, a JSON text; to whoever has gone it sends nothing. */
  readonly send: (json: string) => void;
  /** What waits here for its reader. */
  readonly waitingBytes: () => number;
  /** What time does to it: a comment while it is quiet, the end where nothing was read for too long. */
  readonly tend: (nowMs: number) => void;
  /** Ends it in order; resolves when that was read, or after a while. */
  readonly end: () => Promise<void>;
}

/** A comment so often keeps a quiet stream open through intermediaries; a reader that stands still for so long loses it. */
const keepAliveMs = 15_000;
const maxStallMs = 30_000;
/** How long the end may take to be read. */
const endMs = 2_000;

/** What may wait for one reader before a message more ends its stream: a message has 10 MiB at most by default. */
export const maxWaitingBytes = 16 * 1024 ** 2;
/** The same for all readers of an endpoint together. */
export const maxWaitingOnAllBytes = 64 * 1024 ** 2;
/** A reader that is behind by less is not who fills the memory. */
const smallBytes = 64 * 1024;

const keepAlive = ": keep-alive\n\n";
/** Holds no message. Source: HTML standard, server-sent events. */
const streamEnds = "retry: 1000\n: this stream ends in order; open it again\n\n";

/** Opens the stream on a response. */
export function openEventStream(res: ServerResponse, options: EventStreamOptions): EventStream {
  const { endpoint, nowMs, waitingOnAll, onEnd } = options;
  const closed = Promise.withResolvers<undefined>();
  let isOpen = true;
  let writtenAtMs = nowMs();
  let behindSinceMs: number | undefined;

  const stop = (): void => {
    if (!isOpen) return;
    isOpen = false;
    onEnd();
  };
  const cut = (): void => {
    stop();
    res.destroy();
  };
  const write = (chunk: string | Buffer): void => {
    writtenAtMs = nowMs();
    if (!res.write(chunk)) behindSinceMs ??= nowMs();
  };
  const isTooFarBehind = (): boolean => {
    const waiting = res.writableLength;
    return waiting > maxWaitingBytes || (waiting > smallBytes && waitingOnAll() > maxWaitingOnAllBytes);
  };

  // A connection that breaks while it is written to says so by `close` too, which decides what follows.
  res.on("error", () => undefined);
  res.on("drain", () => (behindSinceMs = undefined));
  res.on("close", () => {
    stop();
    closed.resolve(undefined);
  });
  res.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
  write(encodeEvent({ event: "endpoint", data: endpoint }));

  return {
    send: (json) => {
      if (!isOpen || res.destroyed) return;
      if (isTooFarBehind()) cut();
      else write(encodeEvent({ event: "message", data: json }));
    },
    waitingBytes: () => res.writableLength,
    tend: (now) => {
      if (!isOpen) return;
      if (behindSinceMs !== undefined && now - behindSinceMs > maxStallMs) cut();
      else if (behindSinceMs === undefined && now - writtenAtMs >= keepAliveMs) write(keepAlive);
    },
    end: async () => {
      if (isOpen && !res.destroyed) res.end(streamEnds);
      stop();
      const late = setTimeout(() => res.destroy(), endMs);
      await closed.promise;
      clearTimeout(late);
    },
  };
}
