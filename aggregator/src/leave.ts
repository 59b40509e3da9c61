/** How an aggregator in a cluster leaves: it still answers while Services forget it, and lets calls that are under way end. */
import { setTimeout as delay } from "node:timers/promises";

/** How long a Service may still send callers here after the pod was said to end, ms. */
const forgottenAfterMs = 5_000;
/** Longest time that calls under way get after that, ms. With it the whole end fits into the pod's grace period. */
const callsMs = 12_000;
const lookEveryMs = 50;

/** Resolves when nobody is sent here any more and no call is left, or when waiting longer would be pointless. */
export async function leave(callsInFlight: () => number): Promise<void> {
  await delay(forgottenAfterMs);
  const endMs = performance.now() + callsMs;
  while (callsInFlight() > 0 && performance.now() < endMs) await delay(lookEveryMs);
}
