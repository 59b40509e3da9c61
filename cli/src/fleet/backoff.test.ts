import fc from "fast-check";
import { expect, it } from "vitest";
import { restartBounds, restartDelayMs } from "./backoff.ts";

it("doubles from the shortest wait up to the longest", () => {
  expect([0, 1, 2, 3].map((attempt) => restartDelayMs(attempt, 0))).toEqual([250, 500, 1000, 2000]);
  expect(restartDelayMs(40, 0)).toBe(restartBounds.maxMs);
});

it("stays within its bounds whatever the attempt and the random value", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const delayMs = restartDelayMs(attempt, random);
      expect(delayMs).toBeGreaterThanOrEqual(restartBounds.firstMs * 0.8);
      expect(delayMs).toBeLessThanOrEqual(restartBounds.maxMs);
    }),
  );
});
