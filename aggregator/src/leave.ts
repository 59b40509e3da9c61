/**
 * How an aggregator leaves: where it is one of several it still answers while whatever sends callers to it forgets it; everywhere it lets calls
 * that are under way end.
 */
import { setTimeout as delay } from "node:timers/promises";

/** What stands around an aggregator: a cluster, other replicas without one, or nothing. */
export type Company = "cluster" | "replicas" | "alone";

/**
 * `forgottenAfterMs`: how long a Service, or another balancer, may still send callers here after the program was said to end, and connections
 * get to end with an answer. `callsMs`: longest time that calls under way get after that; with it the whole end fits into a pod's grace
 * period, and where people wait for it, into their patience.
 */
const patience: Readonly<Record<Company, { readonly forgottenAfterMs: number; readonly callsMs: number }>> = {
  cluster: { forgottenAfterMs: 5_000, callsMs: 12_000 },
  replicas: { forgottenAfterMs: 2_000, callsMs: 8_000 },
  alone: { forgottenAfterMs: 0, callsMs: 3_000 },
};
const lookEveryMs = 50;

/** What ends: `handOver` has other replicas go on with sessions, `callsInFlight` are the calls that are under way here. */
export interface Leaving {
  readonly company: Company;
  readonly handOver: () => void;
  readonly callsInFlight: () => number;
}

/** Resolves when nobody is sent here any more and no call is left, or when waiting longer would be pointless. */
export async function leave({ company, handOver, callsInFlight }: Leaving): Promise<void> {
  const { forgottenAfterMs, callsMs } = patience[company];
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
