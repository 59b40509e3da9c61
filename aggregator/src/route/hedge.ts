/**
 * Whether a call that takes long goes to a second replica while the first one works, and how often. Only where the owner asks for it and vouches for
 * repeating, of servers that keep no session, for calls in which nobody can be asked anything. Pure.
 */
import type { SidecarView } from "../catalog/view.ts";
import type { RelayCall } from "./relay-call.ts";
import { mayRepeat } from "./repeat.ts";
import { readRouting } from "./replicas.ts";
import { askingMethods } from "./request.ts";

/** After how many ms without an answer this call, which goes to `first`, may go to a second replica too; undefined where it may not. */
export function hedgeAfter(
  { target, voice }: Pick<RelayCall, "target" | "voice">,
  first: SidecarView,
  all: readonly SidecarView[],
): number | undefined {
  // Nobody else pays for the question.
  if (all.length < 2 || !all.some(({ sidecar }) => sidecar.routing?.hedge)) return undefined;
  const { hedge, retry, affinity } = readRouting(all);
  // Who is to be at one replica alone is never at two.
  if (hedge === 0 || affinity === "Caller" || !mayHedgeAt(first)) return undefined;
  // Two replicas would ask the same thing, each for itself.
  const asks = [...askingMethods.values()].some((capability) => Object.hasOwn(voice.capabilities, capability));
  return !asks && mayRepeat(target, all, retry) ? hedge : undefined;
}

/** Whether a replica may be one of two: it is well, and a call leaves nothing behind in it that the next call needs. */
export function mayHedgeAt({ state, feed }: SidecarView): boolean {
  return state === "Ready" && feed?.era === "modern";
}

/** The voice in which a second replica is called: it tells the caller nothing before its answer. */
export function hedgeCall(call: RelayCall): RelayCall {
  // Era and caller say whose home a replica becomes; the second one becomes nobody's.
  return { ...call, voice: { capabilities: call.voice.capabilities }, caller: "", callerEra: "modern" };
}

/** How many calls of each server may go out twice. */
export interface HedgeBudget {
  /** A call that may be hedged has begun. */
  readonly earn: (server: string) => void;
  /** Takes one; false where none is left. */
  readonly spend: (server: string) => boolean;
}

/** Of a hundred calls ten, and after a quiet time so many at once. Whole numbers, because sums of tenths are not exact. */
const [perCall, perHedge, most] = [1, 10, 50];
const mostServers = 20_000;

/** Creates a budget that allows one at once. Bounded: of too many servers the one that was heard of first begins anew. */
export function createHedgeBudget(): HedgeBudget {
  const points = new Map<string, number>();
  return {
    earn: (server) => {
      points.set(server, Math.min(most, (points.get(server) ?? perHedge) + perCall));
      const [oldest] = points.keys();
      if (points.size > mostServers && oldest !== undefined) points.delete(oldest);
    },
    spend: (server) => {
      const left = (points.get(server) ?? perHedge) - perHedge;
      if (left < 0) return false;
      points.set(server, left);
      return true;
    },
  };
}
