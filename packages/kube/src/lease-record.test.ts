import fc from "fast-check";
import { expect, it } from "vitest";
import { describeHolding, describeRelease, mayTake } from "./lease-record.ts";

const holding = { identity: "us", nowMs: 0, leaseMs: 15_000 };

it("takes what is free, given back or ours", () => {
  expect(mayTake(undefined, "us", 0)).toBe(true);
  expect(mayTake({ lease: { spec: describeRelease(0) }, sinceMs: 0 }, "us", 0)).toBe(true);
  expect(mayTake({ lease: { spec: describeHolding(undefined, holding) }, sinceMs: 0 }, "us", 0)).toBe(true);
});

it("never takes what another holds before it was seen unchanged for its whole time", () => {
  fc.assert(
    fc.property(fc.nat(60_000), fc.integer({ min: 1, max: 60 }), (elapsedMs, leaseDurationSeconds) => {
      const lease = { spec: { holderIdentity: "they", leaseDurationSeconds } };
      return mayTake({ lease, sinceMs: 0 }, "us", elapsedMs) === elapsedMs >= leaseDurationSeconds * 1_000;
    }),
  );
});

it("counts a change of hands, and keeps the time of taking over through renewals", () => {
  const first = describeHolding(undefined, holding);
  expect(first).toMatchObject({
    leaseTransitions: 0,
    leaseDurationSeconds: 15,
    acquireTime: "1970-01-01T00:00:00.000000Z",
  });
  const renewed = describeHolding({ spec: first }, { ...holding, nowMs: 2_000 });
  expect(renewed).toMatchObject({
    leaseTransitions: 0,
    acquireTime: first.acquireTime,
    renewTime: "1970-01-01T00:00:02.000000Z",
  });
  expect(describeHolding({ spec: renewed }, { ...holding, identity: "they" })).toMatchObject({ leaseTransitions: 1 });
});
