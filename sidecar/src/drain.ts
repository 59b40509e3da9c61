/** Lets calls that are under way end before the process does. Streams without an end of their own are not waited for. */
import type { Upstream, UpstreamCall, UpstreamRequest, UpstreamSink } from "./upstream/upstream.ts";

export interface Drain {
  /** The same upstream, with its calls counted. */
  readonly watch: (upstream: Upstream) => Upstream;
  readonly isDraining: () => boolean;
  /** Resolves when no call is left, or after so many ms. */
  readonly start: (limitMs: number) => Promise<void>;
}

/** Creates the drain of one door. */
export function createDrain(): Drain {
  let underWay = 0;
  let isDraining = false;
  let onEmpty: () => void = () => undefined;
  const leave = (): void => {
    underWay--;
    if (isDraining && underWay === 0) onEmpty();
  };
  return {
    watch: (upstream) => ({
      close: upstream.close,
      send: (request, sink) =>
        isCall(request) ? countCall({ upstream, request, sink }, enter, leave) : upstream.send(request, sink),
    }),
    isDraining: () => isDraining,
    start: (limitMs) => {
      isDraining = true;
      if (underWay === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
  function enter(): void {
    underWay++;
  }
}

const isCall = (request: UpstreamRequest): boolean =>
  request.method === "POST" && request.message?.method !== "subscriptions/listen";

interface Sending {
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
  readonly sink: UpstreamSink;
}

function countCall({ upstream, request, sink }: Sending, enter: () => void, leave: () => void): UpstreamCall {
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    leave();
  };
  enter();
  const call = upstream.send(request, {
    ...sink,
    onEnd: () => {
      end();
      sink.onEnd();
    },
    onFailure: (failure) => {
      end();
      sink.onFailure(failure);
    },
  });
  return {
    resume: call.resume,
    abort: () => {
      end();
      call.abort();
    },
  };
}
