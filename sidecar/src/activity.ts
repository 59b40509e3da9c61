/**
 * Keeps account of how much clients use the server, so that somebody may let it sleep. A call is use from its start to its end, however
 * it ends; a stream that stands open is none. What the sidecar asks its server by itself does not come this way.
 */
import type { Activity } from "@outrigger/api/feed";
import type { Upstream, UpstreamRequest } from "./upstream/upstream.ts";

export interface ActivityMeter {
  /** The same upstream, with the use of it counted. */
  readonly watch: (upstream: Upstream) => Upstream;
  readonly read: () => Activity;
}

/** Creates the account, idle from now on. `now`: a steady clock in ms. */
export function createActivityMeter(now: () => number): ActivityMeter {
  let inFlight = 0;
  let lastUseMs = now();
  const begin = (): (() => void) => {
    let isOver = false;
    inFlight++;
    return () => {
      if (isOver) return;
      isOver = true;
      inFlight--;
      lastUseMs = now();
    };
  };
  return {
    watch: (upstream) => ({
      close: upstream.close,
      send: (request, sink) => {
        if (!isUse(request)) return upstream.send(request, sink);
        const end = begin();
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
          abort: (why) => {
            end();
            call.abort(why);
          },
        };
      },
    }),
    read: () => ({ inFlight, idleMs: inFlight > 0 ? 0 : Math.max(0, Math.floor(now() - lastUseMs)) }),
  };
}

/** A client that listens asks for nothing, and one that ends its session wants nothing more. */
function isUse({ method, message }: UpstreamRequest): boolean {
  return method === "POST" && message?.method !== "subscriptions/listen";
}
