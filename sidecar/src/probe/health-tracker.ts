/**
 * Follows the health of one server: probes it in time, takes in what calls and the catalogue see, and tells every change.
 * Before: prober.ts asks, judge-health.ts and judge-pace.ts judge.
 */
import type { Health } from "@outrigger/api/feed";
import type { ListOutcome } from "../catalog/catalogue.ts";
import {
  createMemory,
  judgeHealth,
  remember,
  type CredentialTrouble,
  type Evidence,
  type HealthRules,
} from "./judge-health.ts";
import { createPaceJudge } from "./judge-pace.ts";
import type { Prober } from "./prober.ts";

/** What the tracker needs. Times in ms; `wallNow` is the Unix epoch, `now` any steady clock. */
export interface HealthTrackerOptions {
  readonly probe: Prober;
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly onChange: (health: Health) => void;
  /** Called when a server that failed answers again. */
  readonly onRecovery: () => void;
  /** Called after each probe that brought news. */
  readonly onProbe?: ((result: "answered" | "failed", tookMs: number) => void) | undefined;
  readonly rules?: HealthRules | undefined;
  /** Between two probes of a server that is well; default 10 s. */
  readonly intervalMs?: number;
  /** Between two probes while something failed, and the least time between two at all; default 500 ms. */
  readonly recheckMs?: number;
}

/** The health of one server. */
export interface HealthTracker {
  readonly health: () => Health;
  readonly start: () => void;
  readonly close: () => void;
  /** How a call ended: `ok` when the server answered, whatever it answered. A failed one is checked by a probe. */
  readonly reportOutcome: (outcome: "ok" | "failed") => void;
  readonly reportList: (outcome: ListOutcome) => void;
  /** How long the server took to begin an answer to a question of this kind. */
  readonly reportPace: (question: string, tookMs: number) => void;
  /** Why calls are kept from the server; undefined where they are not. */
  readonly reportBreaker: (trouble: string | undefined) => void;
  /** Why the sidecar has no credentials that the server takes; undefined where it has, or needs none. */
  readonly reportCredentials: (trouble: CredentialTrouble | undefined) => void;
  /** Probes soon, for instance when a process has ended, or a connection. */
  readonly check: () => void;
}

/** Between two probes of a server that may be slow: its pace is known by answers alone. */
const suspectMs = 2_000;

/** Creates the tracker; it begins with a server that nobody has asked. */
export function createHealthTracker(options: HealthTrackerOptions): HealthTracker {
  const { now } = options;
  const intervalMs = options.intervalMs ?? 10_000;
  const recheckMs = options.recheckMs ?? 500;
  const pace = createPaceJudge();
  let memory = createMemory(now(), options.rules);
  let health: Health = { ...judgeHealth(memory, now()), sinceMs: options.wallNow() };
  let probedAtMs = Number.NEGATIVE_INFINITY;
  let isProbing = false;
  let isWanted = false;
  let isRunning = false;
  let timer: NodeJS.Timeout | undefined;

  const judge = (): void => {
    const next = judgeHealth(memory, now());
    const isSame = next.state === health.state && next.reason === health.reason && next.message === health.message;
    if (isSame) return;
    health = { ...next, sinceMs: next.state === health.state ? health.sinceMs : options.wallNow() };
    options.onChange(health);
  };
  const take = (evidence: Evidence): void => {
    const hadFailed = memory.failure !== undefined;
    memory = remember(memory, evidence);
    judge();
    if (hadFailed && memory.failure === undefined && evidence.kind !== "Listed") options.onRecovery();
    if (!hadFailed && memory.failure !== undefined) schedule(recheckMs);
  };
  const takePace = (question: string, tookMs: number): void => {
    const before = pace.slow();
    pace.observe(question, tookMs, now());
    const times = pace.slow();
    if (times === before) return;
    const trouble =
      times === undefined ? undefined : `the server takes about ${times} times as long as usual to answer`;
    take({ kind: "Pace", trouble });
  };
  const schedule = (delayMs: number): void => {
    clearTimeout(timer);
    if (isRunning) timer = setTimeout(() => void run(), delayMs).unref();
  };
  const tell = (evidence: Evidence, tookMs: number): void => {
    const hasFailed = evidence.kind === "Failed";
    options.onProbe?.(hasFailed ? "failed" : "answered", tookMs);
    take(evidence);
    if (!hasFailed) takePace("health check", tookMs);
  };
  const run = async (): Promise<void> => {
    if (isProbing) return;
    isProbing = true;
    isWanted = false;
    probedAtMs = now();
    const evidence = await options.probe();
    isProbing = false;
    if (!isRunning) return;
    if (evidence !== undefined) tell(evidence, now() - probedAtMs);
    // A server that never answered is judged by time too.
    judge();
    schedule(nextProbeMs());
  };
  const nextProbeMs = (): number => {
    if (memory.failure !== undefined || isWanted) return recheckMs;
    return pace.isSuspect() ? Math.min(intervalMs, suspectMs) : intervalMs;
  };
  const check = (): void => {
    // What is under way may have been asked before whatever happened.
    isWanted = isProbing;
    schedule(Math.max(0, probedAtMs + recheckMs - now()));
  };

  return {
    health: () => health,
    start() {
      isRunning = true;
      schedule(intervalMs);
    },
    close() {
      isRunning = false;
      clearTimeout(timer);
    },
    reportOutcome(outcome) {
      if (outcome === "failed") check();
      else if (memory.failure !== undefined) take({ kind: "Answered" });
    },
    reportList: (outcome) => take(evidenceOf(outcome)),
    reportPace: takePace,
    reportBreaker: (trouble) => take({ kind: "Breaker", trouble }),
    reportCredentials(trouble) {
      take({ kind: "Credentials", trouble: trouble && { reason: trouble.reason, message: trouble.message } });
      check();
    },
    check,
  };
}

function evidenceOf(outcome: ListOutcome): Evidence {
  switch (outcome.kind) {
    case "listed":
      return { kind: "Listed" };
    case "unauthorized":
      return { kind: "Unauthorized", message: outcome.message };
    case "unlisted":
      return { kind: "Unlisted", message: outcome.message };
    case "unreachable":
      return { kind: "Failed", reason: "ProbeFailed", message: outcome.message, isFinal: false };
  }
}
