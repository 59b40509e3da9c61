/** Spreads writes over time, so that a change of policy in a large cluster does not become a storm. */
import { setTimeout as sleep } from "node:timers/promises";

/** Lets one write after the other through. */
export interface Pace {
  /** Waits for the next turn; false where the signal ended the waiting. */
  readonly next: (signal: AbortSignal) => Promise<boolean>;
}

/** At most `burst` turns at once, then one every `intervalMs`. */
export function createPace(options: {
  readonly intervalMs: number;
  readonly burst: number;
  readonly elapsedMs: () => number;
}): Pace {
  const { intervalMs, burst, elapsedMs } = options;
  let freeAtMs = elapsedMs() - intervalMs * burst;
  return {
    next: async (signal) => {
      if (signal.aborted) return false;
      freeAtMs = Math.max(freeAtMs, elapsedMs() - intervalMs * burst) + intervalMs;
      const waitMs = freeAtMs - elapsedMs();
      if (waitMs <= 0) return true;
      return sleep(waitMs, true, { signal }).catch(() => false);
    },
  };
}
