import fc from "fast-check";
import { expect, it } from "vitest";
import { createBackoff } from "./backoff.ts";

it("doubles from one second to thirty, and starts again after a success", () => {
  const backoff = createBackoff(() => 1);
  expect(Array.from({ length: 7 }, () => backoff.next())).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  backoff.reset();
  expect(backoff.next()).toBe(1_000);
});

it("waits as long as the server asks, but never longer than a minute for that reason", () => {
  expect(createBackoff(() => 0).next(7_000)).toBe(7_000);
  expect(createBackoff(() => 0).next(3_600_000)).toBe(60_000);
});

it("keeps every wait between half of and the whole step, whatever the jitter", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 30 }), (random, failures) => {
      const backoff = createBackoff(() => random);
      for (let count = 0; count < failures; count++) backoff.next();
      const stepMs = Math.min(30_000, 1_000 * 2 ** failures);
      const waitMs = backoff.next();
      return waitMs >= stepMs / 2 && waitMs <= stepMs;
    }),
  );
});
