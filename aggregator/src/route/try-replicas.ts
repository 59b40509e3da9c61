/**
 * Tries the replicas of a server one after another until one has answered. Decides when another is tried: always where the call can't have
 * arrived, else only where repeating does no harm; and what of several ends is told.
 */
import { setTimeout as pause } from "node:timers/promises";
import { serverKey } from "../catalog/entry.ts";
import type { SidecarView } from "../catalog/view.ts";
import type { Attempt } from "./attempt.ts";
import type { RelayCall } from "./relay-call.ts";
import { hedgeAfter, mayHedgeAt, type HedgeBudget } from "./hedge.ts";
import { raceReplicas, type Ended, type RaceParts } from "./race.ts";
import { mayRepeat, whyAgain, type RetryCause } from "./repeat.ts";
import { readRouting, type Replicas } from "./replicas.ts";

/** What is tried, and with what. `one` sends the call to one replica; it rejects where the caller or the deadline ends it. */
export interface TryParts extends Pick<RaceParts, "one"> {
  readonly replicas: Pick<Replicas, "choose" | "hear">;
  readonly hedges: HedgeBudget;
  /** All replicas of the call's server. */
  readonly list: () => readonly SidecarView[];
  readonly random: () => number;
  readonly signal: AbortSignal;
}

const mostTried = 3;
/** Longest wait in ms before a call that was lost is sent again; half of it on average. */
const longestPauseMs = 500;

/** Each replica at most once. Gives the attempt that ended the call, or the one that says most of why none did. */
export async function tryReplicas(call: RelayCall, parts: TryParts): Promise<Attempt> {
  const { replicas, list, signal } = parts;
  const tried = new Set<string>();
  const ends = new Map<RetryCause, Attempt>();
  let cause: RetryCause | undefined;
  while (tried.size < mostTried) {
    const all = list();
    const view = replicas.choose(call, all, tried);
    if (view === undefined) break;
    tried.add(view.sidecar.key);
    if (cause !== undefined) call.onRetry?.(cause);
    if (cause === "lost") await pause(parts.random() * longestPauseMs, undefined, { signal });
    for (const { view: asked, attempt } of await race(view, call, { ...parts, all, tried })) {
      hear(replicas, asked, attempt);
      cause = whyAgain(attempt);
      if (cause === undefined) return attempt;
      ends.set(cause, attempt);
    }
    if (ends.has("lost") && !mayRepeat(call.target, all, readRouting(all).retry)) break;
  }
  return chooseEnd(ends);
}

interface Raced extends TryParts {
  readonly all: readonly SidecarView[];
  readonly tried: Set<string>;
}

/** At one replica, and where that is slow and the call may go out twice at a second one that is well. */
function race(view: SidecarView, call: RelayCall, parts: Raced): Promise<readonly Ended[]> {
  const { replicas, hedges, list, all, tried, one, signal } = parts;
  const afterMs = hedgeAfter(call, view, all);
  const server = serverKey(call.target.namespace, call.target.server);
  if (afterMs !== undefined) hedges.earn(server);
  const second = (): SidecarView | undefined => {
    const other = tried.size < mostTried ? replicas.choose(call, list(), tried) : undefined;
    if (other === undefined || !mayHedgeAt(other) || !hedges.spend(server)) return undefined;
    tried.add(other.sidecar.key);
    call.onRetry?.("slow");
    return other;
  };
  return raceReplicas(view, { afterMs, second, one, signal });
}

/** What may have been carried out is said before all else; then one that can be called again at a time that is known. */
function chooseEnd(ends: ReadonlyMap<RetryCause, Attempt>): Attempt {
  return ends.get("lost") ?? ends.get("kept") ?? ends.get("unsent") ?? { kind: "unsent", detail: "" };
}

/** An answer that can't be used, and one that the sidecar gave in its server's place, say nothing of the replica's connection. */
function hear(replicas: TryParts["replicas"], { sidecar, feed }: SidecarView, attempt: Attempt): void {
  const cause = whyAgain(attempt);
  // One that was never heard was not asked either.
  if (feed?.era === undefined || cause === "kept" || attempt.kind === "broken") return;
  replicas.hear(sidecar.key, cause === undefined ? "answered" : "lost");
}
