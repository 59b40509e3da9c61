/**
 * Judges how a server is from what was seen of it. Pure: time is passed in, nothing is asked here.
 * Next: health-tracker.ts, which asks and tells.
 */
import type { Health, HealthState } from "@outrigger/api/feed";
import type { Reason } from "@outrigger/api/reasons";

/**
 * What was seen. `Answered`: it answered something; `Failed`: it did not (`isFinal`: it will not, until something changes);
 * `Listed`, `Unlisted`, `Unauthorized`: what became of the list, all of which are answers too. `Pace`: whether it is slow, and `Breaker`:
 * whether calls fail too often, each in words or not at all; neither is an answer. `Credentials`: whether the sidecar has any to show.
 */
export type Evidence =
  | { readonly kind: "Answered" }
  | { readonly kind: "Listed" }
  | { readonly kind: "Unlisted" | "Unauthorized"; readonly message: string }
  | { readonly kind: "Failed"; readonly reason: Reason; readonly message: string; readonly isFinal: boolean }
  | { readonly kind: "Pace" | "Breaker"; readonly trouble: string | undefined }
  | { readonly kind: "Credentials"; readonly trouble: CredentialTrouble | undefined };

/** Why nothing can be asked of the server: the sidecar has nothing to show, or it is not taken. */
export type CredentialTrouble = Pick<Health, "reason" | "message">;

/** How many failures in a row make a server dead, and how many answers in a row make a dead one well. */
export interface HealthRules {
  readonly failures: number;
  readonly successes: number;
}

/** What holds where nobody says otherwise. */
export const usualHealthRules: HealthRules = { failures: 3, successes: 1 };

type Failed = Extract<Evidence, { kind: "Failed" }>;

/** What is remembered between two pieces of evidence. */
export interface HealthMemory {
  readonly rules: HealthRules;
  readonly startedAtMs: number;
  readonly hasAnswered: boolean;
  /** `times`: failures in a row; `answers`: since the last of them, where it takes more than one to be well. */
  readonly failure: (Failed & { readonly times: number; readonly answers: number }) | undefined;
  /** Why it is in trouble though it answers; undefined where it is not. */
  readonly pace: string | undefined;
  readonly breaker: string | undefined;
  readonly credentials: CredentialTrouble | undefined;
  /** The last news about the list; undefined until there is any. */
  readonly list: Extract<Evidence, { kind: "Listed" | "Unlisted" | "Unauthorized" }> | undefined;
}

/** So long a server may take to answer at all before it counts as dead, in ms. */
export const startGraceMs = 10_000;

/** The memory of a server that was never asked. */
export function createMemory(nowMs: number, rules: HealthRules = usualHealthRules): HealthMemory {
  const unseen = { failure: undefined, list: undefined, pace: undefined, breaker: undefined, credentials: undefined };
  return { rules, startedAtMs: nowMs, hasAnswered: false, ...unseen };
}

/** Takes one piece of evidence in. */
export function remember(memory: HealthMemory, evidence: Evidence): HealthMemory {
  switch (evidence.kind) {
    case "Pace":
      return { ...memory, pace: evidence.trouble };
    case "Breaker":
      return { ...memory, breaker: evidence.trouble };
    case "Credentials":
      return { ...memory, credentials: evidence.trouble };
    case "Failed":
      return { ...memory, failure: { ...evidence, times: (memory.failure?.times ?? 0) + 1, answers: 0 } };
    case "Answered":
      return { ...memory, hasAnswered: true, failure: afterAnswer(memory) };
    default:
      return { ...memory, hasAnswered: true, failure: afterAnswer(memory), list: evidence };
  }
}

/** One that was dead has to show that it is well; a process that is there again is. */
function afterAnswer({ failure, rules }: HealthMemory): HealthMemory["failure"] {
  if (failure === undefined || failure.isFinal || failure.times < rules.failures) return undefined;
  const answers = failure.answers + 1;
  return answers >= rules.successes ? undefined : { ...failure, answers };
}

/** The judgement of now. `sinceMs` is the caller's: it knows when the state was another one. */
export function judgeHealth(memory: HealthMemory, nowMs: number): Omit<Health, "sinceMs"> {
  const { failure, list, breaker, pace, credentials } = memory;
  // Without credentials every check fails too; why they are missing says more than that it did.
  if (failure !== undefined) return { state: stateOf(memory, failure, nowMs), ...(credentials ?? pickWhy(failure)) };
  if (credentials !== undefined) return { state: memory.hasAnswered ? "Degraded" : "Initializing", ...credentials };
  if (list === undefined)
    return { state: "Initializing", reason: "Starting", message: "the server has not been listed yet" };
  if (breaker !== undefined) return { state: "Degraded", reason: "CircuitOpen", message: breaker };
  switch (list.kind) {
    case "Listed":
      return pace === undefined
        ? { state: "Ready", reason: "Serving", message: "the server answers" }
        : { state: "Degraded", reason: "Slow", message: pace };
    case "Unauthorized":
      return { state: "Degraded", reason: "Unauthorized", message: list.message };
    case "Unlisted":
      return { state: "Degraded", reason: "ListFailed", message: list.message };
  }
}

const pickWhy = ({ reason, message }: Failed): CredentialTrouble => ({ reason, message });

function stateOf(memory: HealthMemory, failure: NonNullable<HealthMemory["failure"]>, nowMs: number): HealthState {
  if (failure.isFinal) return "Dead";
  const isTooMuch = failure.times >= memory.rules.failures;
  if (memory.hasAnswered) return isTooMuch ? "Dead" : "Degraded";
  const isLate = nowMs - memory.startedAtMs >= startGraceMs;
  return isLate && isTooMuch ? "Dead" : "Initializing";
}
