/** Whether a server has to be woken before it can be called, and how waiting for it goes on. Pure. */
import type { SidecarView } from "../catalog/view.ts";

/** What is known of a server that may sleep. */
export interface SleepFacts {
  /** Its catalogue was kept when it was put to sleep, and is still there. */
  readonly isAsleep: boolean;
  readonly replicas: readonly SidecarView[];
  /** Why no replica can be called, for a person; undefined where nothing is known of any. */
  readonly obstacle: () => string | undefined;
}

/** What the operator said: it was asked to wake the server, refused for good, or could not be asked this time. */
export type AskOutcome = { readonly kind: "asked" } | { readonly kind: "refused" | "failed"; readonly message: string };

/** `awake`: it can be called; `gone`: nobody knows it any more; `refused`: nobody will wake it; `sleeping`: wait. */
export type Judgement = "awake" | "gone" | "refused" | "sleeping";

/** Judges. A replica that can be called outweighs everything: it may have been started by somebody else. */
export function judgeSleep({ isAsleep, replicas }: SleepFacts, asked?: AskOutcome): Judgement {
  if (replicas.some(canBeCalled)) return "awake";
  if (asked?.kind === "refused") return "refused";
  return isAsleep || replicas.length > 0 ? "sleeping" : "gone";
}

/** True where a call would have to wait. A server that was not put to sleep is waited for in other ways. */
export function needsWaking(facts: SleepFacts): boolean {
  return facts.isAsleep && judgeSleep(facts) !== "awake";
}

function canBeCalled({ feed, state }: SidecarView): boolean {
  return feed?.era !== undefined && (state === "Ready" || state === "Degraded");
}
