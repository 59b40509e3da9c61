/**
 * A store that counts for all replicas, asked for each call within a bounded time. After a failure it is left alone for a while: then
 * whoever asks hears at once that it is away, and decides by itself.
 */
import type { BucketRate } from "@outrigger/policy";

/** The store, as decisions see it. */
export interface SharedStore {
  /** Counts one call; ms to wait where it is one too many, 0 where not. */
  readonly take: (key: string, rate: BucketRate) => Promise<{ readonly waitMs: number } | "away">;
  readonly isAway: () => boolean;
  /** How often it failed to answer. */
  readonly failures: () => number;
  readonly close: () => Promise<void>;
}

/** What stands behind it. Rejects where it can't answer, in bounded time. */
export interface StoreClient {
  readonly consume: (key: string, rate: BucketRate) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** How long a store that failed is left alone, in ms. */
const pauseMs = 1_000;

/** Creates the store; `onChange` hears when it goes away and when it is back. `now`: a steady clock in ms. */
export function createSharedStore(
  client: StoreClient,
  now: () => number,
  onChange: (state: "away" | "back") => void,
): SharedStore {
  let closedUntilMs = Number.NEGATIVE_INFINITY;
  let isAway = false;
  let failures = 0;
  const turn = (away: boolean): void => {
    if (away === isAway) return;
    isAway = away;
    onChange(away ? "away" : "back");
  };
  return {
    take: async (key, rate) => {
      if (now() < closedUntilMs) return "away";
      try {
        const waitMs = await client.consume(key, rate);
        turn(false);
        return { waitMs };
      } catch {
        // Whatever failed, the answer is the same: decide without it.
        failures++;
        closedUntilMs = now() + pauseMs;
        turn(true);
        return "away";
      }
    },
    isAway: () => isAway,
    failures: () => failures,
    close: client.close,
  };
}
