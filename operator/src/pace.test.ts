import { expect, it } from "vitest";
import { createPace } from "./pace.ts";

const { signal } = new AbortController();

it("lets a burst through at once and spreads what follows", async () => {
  const pace = createPace({ intervalMs: 200, burst: 5, elapsedMs: () => performance.now() });
  const startedMs = performance.now();
  for (let count = 0; count < 5; count++) await pace.next(signal);
  expect(performance.now() - startedMs).toBeLessThan(800);
  for (let count = 0; count < 3; count++) await pace.next(signal);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(590);
});

it("ends waiting when told to", async () => {
  const ending = new AbortController();
  const pace = createPace({ intervalMs: 60_000, burst: 1, elapsedMs: () => performance.now() });
  expect(await pace.next(ending.signal)).toBe(true);
  const waiting = pace.next(ending.signal);
  ending.abort();
  expect([await waiting, await pace.next(ending.signal)]).toEqual([false, false]);
});
