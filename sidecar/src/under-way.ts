/**
 * Counts what is under way: requests that are being read, calls at the server, answers that are being written. Streams without an end
 * of their own do not count. Decides nothing about when to stop; that is drain.ts.
 */
import type { TrafficWatch } from "./downstream/http1/server.ts";
import type { Upstream, UpstreamCall, UpstreamRequest, UpstreamSink } from "./upstream/upstream.ts";

export interface UnderWay {
  /** The same upstream, with its calls counted. */
  readonly watch: (upstream: Upstream) => Upstream;
  /** Counts requests at the door, from the first header to the last byte of the answer. */
  readonly traffic: TrafficWatch;
  readonly count: () => number;
  /** Has each connection that an answer is open on end with that answer, whose head may have promised to keep it. */
  readonly endConnectionsWithAnswers: () => void;
  /** When a request came or a call was answered last, by the clock that is given; -Infinity before the first. Who has an answer often asks again. */
  readonly lastNewsMs: () => number;
  /** Resolves when nothing is under way, or when the signal aborts. */
  readonly whenNone: (signal: AbortSignal) => Promise<void>;
}

/** Creates the count of one door. `now`: a steady clock in ms. */
export function createUnderWay(now: () => number): UnderWay {
  let calls = 0;
  let lastNewsMs = Number.NEGATIVE_INFINITY;
  const connections = new Set<Parameters<TrafficWatch["onConnection"]>[0]>();
  const waiting = new Set<() => void>();
  const count = (): number => calls + [...connections].filter((connection) => connection.isMoving()).length;
  const check = (): void => {
    if (count() === 0) for (const done of [...waiting]) done();
  };
  // Only once who told us has done its part: a call that ends leaves an answer to be written.
  const checkSoon = (): void => {
    if (waiting.size > 0) queueMicrotask(check);
  };
  const enter = (): void => {
    calls++;
  };
  const leave = (isAnswered: boolean): void => {
    calls--;
    // A call that waits for a server to be started fails again and again meanwhile, which is no news.
    if (isAnswered) lastNewsMs = now();
    checkSoon();
  };
  return {
    watch: (upstream) => ({
      close: upstream.close,
      send: (request, sink) =>
        isCall(request) ? countCall({ upstream, request, sink }, enter, leave) : upstream.send(request, sink),
    }),
    traffic: {
      onConnection: (connection) => {
        connections.add(connection);
        return () => void connections.delete(connection);
      },
      onArrival: () => {
        lastNewsMs = now();
      },
      onLeave: checkSoon,
    },
    count,
    endConnectionsWithAnswers: () => {
      for (const connection of connections) connection.endWithAnswer();
    },
    lastNewsMs: () => lastNewsMs,
    whenNone: (signal) =>
      new Promise((resolve) => {
        if (count() === 0 || signal.aborted) {
          resolve();
          return;
        }
        const done = (): void => {
          waiting.delete(done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        waiting.add(done);
        signal.addEventListener("abort", done);
      }),
  };
}

const isCall = (request: UpstreamRequest): boolean =>
  request.method === "POST" && request.message?.method !== "subscriptions/listen";

interface Sending {
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
  readonly sink: UpstreamSink;
}

function countCall(
  { upstream, request, sink }: Sending,
  enter: () => void,
  leave: (isAnswered: boolean) => void,
): UpstreamCall {
  let ended = false;
  const end = (isAnswered: boolean): void => {
    if (ended) return;
    ended = true;
    leave(isAnswered);
  };
  enter();
  const call = upstream.send(request, {
    ...sink,
    onEnd: () => {
      end(true);
      sink.onEnd();
    },
    onFailure: (failure) => {
      end(false);
      sink.onFailure(failure);
    },
  });
  return {
    resume: call.resume,
    abort: () => {
      end(false);
      call.abort();
    },
  };
}
