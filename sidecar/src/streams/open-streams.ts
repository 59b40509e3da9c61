/**
 * The streams of the server's own messages that are open at the door: who is told that policy has changed what is listed, and that all
 * of them end in order before the process does. What goes on one stream, and when, is decided in open-stream.ts.
 */
import type { StreamAccount } from "../call/exchange.ts";
import type { Received } from "../call/received.ts";
import type { RunningCall } from "../call/running-call.ts";
import type { ListKind } from "./messages.ts";
import { createOpenStream, type OpenStream } from "./open-stream.ts";

/** The open streams of one door. */
export interface OpenStreams extends StreamAccount {
  /** Tells of changed lists. `changedFor`: what has changed for whoever sent a request. Of streams of one session the newest is told. */
  readonly tell: (changedFor: (received: Received) => ReadonlySet<ListKind>) => void;
  /** Ends all of them; what is opened afterwards ends at once. */
  readonly endAll: () => void;
  readonly count: () => number;
}

/** Creates the account. `server`: its name, for refusals. */
export function createOpenStreams(server: string): OpenStreams {
  const streams = new Map<OpenStream, { call: RunningCall | undefined }>();
  let isEnding = false;
  const end = (stream: OpenStream): void => {
    const running = streams.get(stream);
    stream.end();
    // Its client is served: the server need not go on.
    running?.call?.onGone();
  };
  return {
    open: (exchange, run) => {
      const running: { call: RunningCall | undefined } = { call: undefined };
      const stream = createOpenStream(exchange, server, () => void streams.delete(stream));
      streams.set(stream, running);
      const call = run({ ...exchange, client: stream.client });
      running.call = call;
      if (isEnding) end(stream);
      return {
        onDrain: () => {
          stream.drained();
          call.onDrain();
        },
        onGone: () => {
          streams.delete(stream);
          call.onGone();
        },
      };
    },
    tell: (changedFor) => {
      const newest = new Map<string | OpenStream, OpenStream>();
      for (const stream of streams.keys()) if (stream.isOpen()) newest.set(stream.session ?? stream, stream);
      for (const stream of newest.values()) stream.tell(changedFor(stream.received));
    },
    endAll: () => {
      isEnding = true;
      for (const stream of [...streams.keys()]) end(stream);
    },
    count: () => streams.size,
  };
}
