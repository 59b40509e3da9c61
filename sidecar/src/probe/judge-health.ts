/**
 * Judges how a server is from what was seen of it. Pure: time is passed in, nothing is asked here.
 * Next: health-tracker.ts, which asks and tells.
 */
import type { Health, HealthState } from "@outrigger/api/feed";
import type { Reason } from "@outrigger/api/reasons";

/**
 * What was seen. `Answered`: it answered something; `Failed`: it did not (`isFinal`: it will not, until something changes);
 * `Listed`, `Unlisted`, `Unauthorized`: what became of the list, all of which are answers too.
 */
export type Evidence =
  | { readonly kind: "Answered" }
  | { readonly kind: "Listed" }
  | { readonly kind: "Unlisted" | "Unauthorized"; readonly message: string }
  | { readonly kind: "Failed"; readonly reason: Reason; readonly message: string; readonly isFinal: boolean };

/** What is remembered between two pieces of evidence. */
export interface HealthMemory {
  readonly startedAtMs: number;
  readonly hasAnswered: boolean;
  readonly failure: (Extract<Evidence, { kind: "Failed" }> & { readonly times: number }) | undefined;
  /** The last news about the list; undefined until there is any. */
  readonly list: Extract<Evidence, { kind: "Listed" | "Unlisted" | "Unauthorized" }> | undefined;
}

/** So many failures in a row are more than bad luck. */
const failuresUntilDead = 3;

/** So long a server may take to answer at all before it counts as dead, in ms. */
export const startGraceMs = 10_000;

/** The memory of a server that was never asked. */
export function createMemory(nowMs: number): HealthMemory {
  return { startedAtMs: nowMs, hasAnswered: false, failure: undefined, list: undefined };
}

/** Takes one piece of evidence in. */
export function remember(memory: HealthMemory, evidence: Evidence): HealthMemory {
  if (evidence.kind === "Failed") {
    return { ...memory, failure: { ...evidence, times: (memory.failure?.times ?? 0) + 1 } };
  }
  const answered = { ...memory, hasAnswered: true, failure: undefined };
  return evidence.kind === "Answered" ? answered : { ...answered, list: evidence };
}

/** The judgement of now. `sinceMs` is the caller's: it knows when the state was another one. */
export function judgeHealth(memory: HealthMemory, nowMs: number): Omit<Health, "sinceMs"> {
  const { failure, list } = memory;
  if (failure !== undefined)
    return { state: stateOf(memory, failure, nowMs), reason: failure.reason, message: failure.message };
  switch (list?.kind) {
    case undefined:
      return { state: "Initializing", reason: "Starting", message: "the server has not been listed yet" };
    case "Listed":
      return { state: "Ready", reason: "Serving", message: "the server answers" };
    case "Unauthorized":
      return { state: "Degraded", reason: "Unauthorized", message: list.message };
    case "Unlisted":
      return { state: "Degraded", reason: "ListFailed", message: list.message };
  }
}

function stateOf(memory: HealthMemory, failure: NonNullable<HealthMemory["failure"]>, nowMs: number): HealthState {
  if (failure.isFinal) return "Dead";
  if (memory.hasAnswered) return failure.times >= failuresUntilDead ? "Dead" : "Degraded";
  const isLate = nowMs - memory.startedAtMs >= startGraceMs;
  return isLate && failure.times >= failuresUntilDead ? "Dead" : "Initializing";
}
