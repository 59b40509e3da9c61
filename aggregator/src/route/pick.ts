/**
 * Chooses the replica of a server that gets a call: ready ones first, then the one with the least calls under way, then the
 * first in order. A caller with a session stays where its session is as long as that replica can be used. Pure.
 */
import type { HealthState } from "@outrigger/api/feed";

/**
 * One replica. `isOut`: its sidecar sends no calls to it for a while; `isReady`: what the place where it was found says; `inFlight`: calls
 * under way from here.
 */
export interface Candidate {
  readonly key: string;
  readonly state: HealthState;
  readonly isOut: boolean;
  readonly isReady: boolean;
  readonly inFlight: number;
}

const usable: Readonly<Record<HealthState, number>> = { Ready: 0, Degraded: 1, Initializing: 2, Dead: 4 };
const outOfUse = 3;

/**
 * Picks one, or undefined where there is none. `sticky` is the replica of the caller's session. Those out of use and dead ones are tried last
 * and not left out: what is known of them may be older than their recovery.
 */
export function pickReplica(candidates: readonly Candidate[], sticky?: string): string | undefined {
  const held = candidates.find((candidate) => candidate.key === sticky);
  if (held !== undefined && rankOf(held) < outOfUse * 2) return held.key;
  let best: Candidate | undefined;
  for (const candidate of candidates) if (best === undefined || isBetter(candidate, best)) best = candidate;
  return best?.key;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank < 0;
  return a.inFlight === b.inFlight ? a.key < b.key : a.inFlight < b.inFlight;
}

function rankOf({ state, isOut, isReady }: Candidate): number {
  const rank = isOut ? Math.max(usable[state], outOfUse) : usable[state];
  return rank * 2 + (isReady ? 0 : 1);
}
