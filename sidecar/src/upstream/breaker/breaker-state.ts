/**
 * Decides whether calls may go to a server whose calls failed lately: closed, they pass; open, they fail at once; half-open, a few are
 * let through to see. Pure: time is passed in. Next: breaker.ts, which watches calls.
 */

/** What opens the breaker and what closes it. Times in ms. */
export interface BreakerRules {
  /** Failures in a row. */
  readonly failures: number;
  /** Or so large a share of calls, of at least so many, within this time. */
  readonly window: { readonly ms: number; readonly calls: number; readonly share: number };
  /** How long it stays open: doubles from the first to the second while trials fail. */
  readonly openMs: { readonly first: number; readonly longest: number };
  /** Half-open: how many calls may be under way, and how many must succeed in a row. */
  readonly trials: { readonly atOnce: number; readonly successes: number };
}

/** `epoch` grows with every change of kind: what became of a call that was sent before says nothing any more. */
export type BreakerState = Closed | Open | HalfOpen;

interface Closed {
  readonly kind: "Closed";
  readonly epoch: number;
  /** Failures in a row. */
  readonly row: number;
  /** Calls since the first failure of now; undefined while there is none. */
  readonly window: { readonly sinceMs: number; readonly calls: number; readonly failures: number } | undefined;
  /** The last call that had been sent when a connection broke; calls up to it break of the same cause. */
  readonly tornUpTo: number;
}

interface Open {
  readonly kind: "Open";
  readonly epoch: number;
  readonly untilMs: number;
  readonly openMs: number;
}

interface HalfOpen {
  readonly kind: "HalfOpen";
  readonly epoch: number;
  readonly underWay: number;
  readonly successes: number;
  readonly openMs: number;
}

/** A call as it was let through: its number, and the epoch of then. */
export interface Passed {
  readonly order: number;
  readonly epoch: number;
}

/** A failure. `torn`: its connection broke, as those of others did in the same moment; `latest`: the last call that was sent. */
export interface Failure extends Passed {
  readonly torn: boolean;
  readonly latest: number;
}

/** Whether a call may pass; `waitMs`: when another may. */
export type Admission =
  | { readonly passes: true; readonly state: BreakerState }
  | { readonly passes: false; readonly state: BreakerState; readonly waitMs: number };

/** How long to wait where only the end of a trial helps. */
const trialWaitMs = 1_000;

/** The state of a server that nobody has called. */
export const closedBreaker: BreakerState = { kind: "Closed", epoch: 0, row: 0, window: undefined, tornUpTo: 0 };

/** True where a success would change nothing. */
export const isCalm = (state: BreakerState): boolean =>
  state.kind === "Closed" && state.row === 0 && state.window === undefined;

/** Half-open where the time is over. */
export function wake(state: BreakerState, nowMs: number): BreakerState {
  if (state.kind !== "Open" || nowMs < state.untilMs) return state;
  return { kind: "HalfOpen", epoch: state.epoch + 1, underWay: 0, successes: 0, openMs: state.openMs };
}

/** A call wants to be sent. */
export function admit(before: BreakerState, nowMs: number, rules: BreakerRules): Admission {
  const state = wake(before, nowMs);
  if (state.kind === "Closed") return { passes: true, state };
  if (state.kind === "Open") return { passes: false, state, waitMs: state.untilMs - nowMs };
  if (state.underWay >= rules.trials.atOnce) return { passes: false, state, waitMs: trialWaitMs };
  return { passes: true, state: { ...state, underWay: state.underWay + 1 } };
}

/** The server has begun to answer a call, and not with a failure. */
export function succeed(state: BreakerState, { epoch }: Passed, rules: BreakerRules): BreakerState {
  if (state.epoch !== epoch || state.kind === "Open") return state;
  if (state.kind === "Closed") {
    const { window } = state;
    return { ...state, row: 0, window: window === undefined ? undefined : { ...window, calls: window.calls + 1 } };
  }
  const successes = state.successes + 1;
  return successes >= rules.trials.successes
    ? { ...closedBreaker, epoch: epoch + 1 }
    : { ...state, underWay: state.underWay - 1, successes };
}

/** A call has failed by the server's doing. */
export function fail(
  state: BreakerState,
  failure: Failure,
  { nowMs, rules }: { readonly nowMs: number; readonly rules: BreakerRules },
): BreakerState {
  if (state.epoch !== failure.epoch || state.kind === "Open") return state;
  if (state.kind === "HalfOpen") return open(state.epoch, nowMs, Math.min(state.openMs * 2, rules.openMs.longest));
  // A process that dies tears all calls under way at once: that is one failure, and the next process may be well.
  if (failure.torn && failure.order <= state.tornUpTo) return state;
  const next: Closed = {
    ...state,
    row: state.row + 1,
    window: countFailure(state.window, nowMs, rules),
    tornUpTo: failure.torn ? failure.latest : state.tornUpTo,
  };
  return isTooMuch(next, rules) ? open(state.epoch, nowMs, rules.openMs.first) : next;
}

/** Nothing was learnt of a call: its caller left, or it never reached the server. */
export function letGo(state: BreakerState, { epoch }: Passed): BreakerState {
  return state.epoch === epoch && state.kind === "HalfOpen" ? { ...state, underWay: state.underWay - 1 } : state;
}

function countFailure(window: Closed["window"], nowMs: number, rules: BreakerRules): NonNullable<Closed["window"]> {
  if (window === undefined || nowMs - window.sinceMs >= rules.window.ms)
    return { sinceMs: nowMs, calls: 1, failures: 1 };
  return { ...window, calls: window.calls + 1, failures: window.failures + 1 };
}

function isTooMuch({ row, window }: Closed, rules: BreakerRules): boolean {
  if (row >= rules.failures) return true;
  const { calls, share } = rules.window;
  return window !== undefined && window.calls >= calls && window.failures >= window.calls * share;
}

const open = (epoch: number, nowMs: number, openMs: number): Open => ({
  kind: "Open",
  epoch: epoch + 1,
  untilMs: nowMs + openMs,
  openMs,
});
