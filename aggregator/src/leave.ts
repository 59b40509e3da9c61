/** How an aggregator leaves: in a cluster it still answers while Services forget it; everywhere it lets calls that are under way end. */
import { setTimeout as delay } from "node:timers/promises";

/**
 * `forgottenAfterMs`: how long a Service may still send callers here after the pod was said to end. `callsMs`: longest time that calls under
 * way get after that; with it the whole end fits into a pod's grace period, and where people wait for it, into their patience.
 */
const inCluster = { forgottenAfterMs: 5_000, callsMs: 12_000 };
const elsewhere = { forgottenAfterMs: 0, callsMs: 3_000 };
const lookEveryMs = 50;

/** What ends: `handOver` has other replicas go on with sessions, `callsInFlight` are the calls that are under way here. */
export interface Leaving {
  readonly isInCluster: boolean;
  readonly handOver: () => void;
  readonly callsInFlight: () => number;
}

/** Resolves when nobody is sent here any more and no call is left, or when waiting longer would be pointless. */
export async function leave({ isInCluster, handOver, callsInFlight }: Leaving): Promise<void> {
  const { forgottenAfterMs, callsMs } = isInCluster ? inCluster : elsewhere;
  await delay(forgottenAfterMs);
  // Else sessions that call again and again would never let the calls come to an end.
  handOver();
  const endMs = performance.now() + callsMs;
  let quietLooks = 0;
  // Twice: the answer of the last call is still on its way when the call is over.
  while (quietLooks < 2 && performance.now() < endMs) {
    quietLooks = callsInFlight() > 0 ? 0 : quietLooks + 1;
    await delay(lookEveryMs);
  }
}
