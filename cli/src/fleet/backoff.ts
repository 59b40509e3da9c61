/** How long to wait before a process that ended is started again. Pure: the random value is passed in. */

/** Bounds of the wait, in ms. A process that ran for `calmMs` counts as healthy, and the next wait is the shortest again. */
export const restartBounds = { firstMs: 250, maxMs: 30_000, calmMs: 30_000 } as const;

/**
 * The wait before attempt `attempt` (0 is the first restart), doubled each time up to the maximum.
 * `random` in 0..1 takes away up to a fifth, so that several processes that died together do not start together.
 */
export function restartDelayMs(attempt: number, random: number): number {
  const fullMs = Math.min(restartBounds.maxMs, restartBounds.firstMs * 2 ** Math.min(attempt, 16));
  return Math.round(fullMs * (1 - random / 5));
}
