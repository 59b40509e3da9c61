/** Which replicas are ready, found out as a kubelet does: asked again and again, and given up after some failures. A frozen one answers nothing. */
import { setTimeout as pause } from "node:timers/promises";
import type { Replica } from "../fixtures/replicas.ts";

/** What is known of the replicas, each by the port of its endpoint. */
export interface Readiness {
  readonly isReady: (port: number) => boolean;
  /** No new connections go there from now on, as to a pod that is being deleted, until the returned function is called. */
  readonly leaveOut: (port: number) => () => void;
  readonly stop: () => Promise<void>;
}

const everyMs = 500;
const failuresUntilOut = 2;

/** Begins to ask. They are all taken for ready until they were asked. */
export function watchReadiness(replicas: readonly Replica[]): Readiness {
  const ending = new AbortController();
  const failures = new Map<number, number>();
  const left = new Set<number>();
  const ask = async ({ url, port }: Replica): Promise<void> => {
    while (!ending.signal.aborted) {
      const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(everyMs)]);
      const isOk = await fetch(`${url}/readyz`, { signal }).then(
        ({ ok }) => ok,
        () => false,
      );
      failures.set(port, isOk ? 0 : (failures.get(port) ?? 0) + 1);
      await pause(everyMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const asking = replicas.map(ask);
  return {
    isReady: (port) => !left.has(port) && (failures.get(port) ?? 0) < failuresUntilOut,
    leaveOut: (port) => {
      left.add(port);
      return () => void left.delete(port);
    },
    stop: async () => {
      ending.abort();
      await Promise.all(asking);
    },
  };
}
