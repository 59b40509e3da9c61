/** How long to wait before trying again: doubling from a first to a longest wait, with jitter. Keeps count, owns no timer. */

/** Bounds of the wait in ms. */
export interface BackoffBounds {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** From one second to thirty. */
export const defaultBounds: BackoffBounds = { firstMs: 1_000, longestMs: 30_000 };

/** A count of failures in a row. */
export interface Backoff {
  /** Counts a failure and gives the wait in ms; `atLeastMs` is what the other side asked for. */
  readonly next: (atLeastMs?: number) => number;
  /** Forgets the failures: something worked. */
  readonly reset: () => void;
}

/**
 * Creates a backoff that has seen no failure. Each wait lies between half of and the whole current step, never below
 * what the other side asked for (at most a minute of that is believed).
 */
export function createBackoff(random: () => number, { firstMs, longestMs } = defaultBounds): Backoff {
  let failures = 0;
  return {
    next: (atLeastMs = 0) => {
      const stepMs = Math.min(longestMs, firstMs * 2 ** failures);
      failures = Math.min(failures + 1, 20);
      return Math.max(stepMs * (0.5 + random() / 2), Math.min(atLeastMs, 60_000));
    },
    reset: () => {
      failures = 0;
    },
  };
}
