/** Decides when a server that died before it ever answered may be started again. Pure: time is passed in. */

/** Consecutive early ends, and the time (ms) before which no start is tried. */
export interface BackOff {
  readonly failures: number;
  readonly nextStartMs: number;
}

/** Bounds of the pause between two starts, in ms. */
export interface BackOffBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Nothing has failed. */
export const noBackOff: BackOff = { failures: 0, nextStartMs: 0 };

/** The state after one more early end: the pause doubles from `minMs` up to `maxMs`. */
export function lengthenBackOff(state: BackOff, bounds: BackOffBounds, nowMs: number): BackOff {
  const failures = state.failures + 1;
  const pauseMs = Math.min(bounds.maxMs, bounds.minMs * 2 ** Math.min(failures - 1, 30));
  return { failures, nextStartMs: nowMs + pauseMs };
}

/** Milliseconds until a start may be tried; 0 where it may be now. */
export function waitForStart(state: BackOff, nowMs: number): number {
  return Math.max(0, state.nextStartMs - nowMs);
}
