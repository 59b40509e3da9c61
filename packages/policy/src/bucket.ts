/**
 * Rate limiting by the generic cell rate algorithm (ITU-T I.371): a token bucket that is one number, its next free time.
 * Time is passed in; a clock that jumps back never gives tokens away.
 */
import type { Rate } from "@outrigger/api/values";

/** A rate with the number of calls that may come at once. */
export type BucketRate = Rate & { readonly burst: number };

/**
 * Milliseconds until one more call conforms; 0 where it conforms now.
 * `nextFreeMs` is the bucket's state: the time at which it is full again; undefined for a bucket never used.
 */
export function waitForToken(rate: BucketRate, nextFreeMs: number | undefined, nowMs: number): number {
  if (nextFreeMs === undefined) return 0;
  const spacingMs = rate.periodMs / rate.count;
  return Math.max(0, nextFreeMs + spacingMs - nowMs - rate.burst * spacingMs);
}

/** The state after one call that conforms. */
export function takeToken(rate: BucketRate, nextFreeMs: number | undefined, nowMs: number): number {
  return Math.max(nextFreeMs ?? nowMs, nowMs) + rate.periodMs / rate.count;
}
