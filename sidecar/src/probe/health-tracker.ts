/**
 * Follows the health of one server: probes it in time, takes in what calls and the catalogue see, and tells every change.
 * Before: prober.ts asks, judge-health.ts judges.
 */
import type { Health } from "@outrigger/api/feed";
import type { ListOutcome } from "../catalog/catalogue.ts";
import { createMemory, judgeHealth, remember, type Evidence } from "./judge-health.ts";
import type { Prober } from "./prober.ts";

/** What the tracker needs. Times in ms; `wallNow` is the Unix epoch, `now` any steady clock. */
export interface HealthTrackerOptions {
  readonly probe: Prober;
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly onChange: (health: Health) => void;
  /** Called when a server that failed answers again. */
  readonly onRecovery: () => void;
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
  /** Probes soon, for instance when a process has ended. */
  readonly check: () => void;
}

/** Creates the tracker; it begins with a server that nobody has asked. */
export function createHealthTracker(options: HealthTrackerOptions): HealthTracker {
  const { now } = options;
  const intervalMs = options.intervalMs ?? 10_000;
  const recheckMs = options.recheckMs ?? 500;
  let memory = createMemory(now());
  let health: Health = { ...judgeHealth(memory, now()), sinceMs: options.wallNow() };
  let probedAtMs = Number.NEGATIVE_INFINITY;
  let isProbing = false;
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
  const schedule = (delayMs: number): void => {
    clearTimeout(timer);
    if (isRunning) timer = setTimeout(() => void run(), delayMs).unref();
  };
  const run = async (): Promise<void> => {
    if (isProbing) return;
    isProbing = true;
    probedAtMs = now();
    const evidence = await options.probe();
    isProbing = false;
    if (!isRunning) return;
    if (evidence !== undefined) take(evidence);
    // A server that never answered is judged by time too.
    judge();
    schedule(memory.failure === undefined ? intervalMs : recheckMs);
  };
  const check = (): void => schedule(Math.max(0, probedAtMs + recheckMs - now()));

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
