/**
 * Lets calls end: before the server's container is told to stop, when the kubelet asks by a hook, and before this process ends.
 * While either goes on, new calls still pass, and clients are asked to take their next call elsewhere.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { TrafficWatch } from "./downstream/http1/server.ts";
import { createUnderWay } from "./under-way.ts";
import type { Upstream } from "./upstream/upstream.ts";

/**
 * So long no call may have come before a server is told to stop, in ms: then Services and the aggregator have heard that the pod is leaving.
 * The usual proxies of Services take their changes over once in a second.
 */
export const quietMs = 2_000;

/** How long a server is kept from its end, in ms. `signal` ends it early. */
export interface HoldLimits {
  readonly quietMs: number;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export interface Drain {
  /** The same upstream, with its calls counted. */
  readonly watch: (upstream: Upstream) => Upstream;
  /** Counts requests at the door, to the end of their answers. */
  readonly traffic: TrafficWatch;
  /** True from the start of this process's end. */
  readonly isDraining: () => boolean;
  /** True while connections are to end with their next answer. */
  readonly isLeaving: () => boolean;
  /** Resolves when no call is left, or after so many ms. */
  readonly start: (limitMs: number) => Promise<void>;
  /** Resolves when answers that have ended are with their clients, or after so many ms. */
  readonly flush: (limitMs: number) => Promise<void>;
  /**
   * Resolves when no call has come or ended for the quiet time and none is left, or at the limit; with the number of calls that are left.
   * Nothing of it stays: the server may as well be started again.
   */
  readonly hold: (limits: HoldLimits) => Promise<number>;
}

/** Creates the drain of one door. `now`: a steady clock in ms. */
export function createDrain(now: () => number): Drain {
  const underWay = createUnderWay(now);
  let isDraining = false;
  let holds = 0;
  return {
    watch: underWay.watch,
    traffic: underWay.traffic,
    isDraining: () => isDraining,
    isLeaving: () => isDraining || holds > 0,
    start: (limitMs) => {
      isDraining = true;
      return underWay.whenNone(AbortSignal.timeout(limitMs));
    },
    flush: (limitMs) => underWay.whenNone(AbortSignal.timeout(limitMs)),
    hold: async (limits) => {
      const over = AbortSignal.any([limits.signal, AbortSignal.timeout(limits.limitMs)]);
      holds++;
      try {
        let restMs = limits.quietMs;
        while (restMs > 0 && !over.aborted) {
          // An early end is a wish, and no failure.
          await pause(restMs, undefined, { signal: over }).catch(() => undefined);
          await underWay.whenNone(over);
          // A call that came or ended meanwhile begins the quiet time anew.
          restMs = underWay.lastNewsMs() + limits.quietMs - now();
        }
        // Streams end with the server: their clients must not bring the next call here.
        underWay.endConnectionsWithAnswers();
        return underWay.count();
      } finally {
        holds--;
      }
    },
  };
}
