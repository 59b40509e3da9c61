/** Which certificate is served, over all worlds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSigningDue, isToBeServed, planRenewal, type LeafFacts } from "./leaf-choice.ts";

const dayMs = 86_400_000;
const nowMs = Date.parse("2026-11-22T10:00:00Z");
const leafOf = (authorityPem: string, change: Partial<LeafFacts> = {}): LeafFacts => ({
  authorityPem,
  fromMs: nowMs - 3_600_000,
  untilMs: nowMs + 7 * dayMs,
  renewAtMs: planRenewal(nowMs, nowMs + 7 * dayMs, 0.5),
  ...change,
});
const trusting = (...trusted: readonly string[]) => ({ isTrusted: (pem: string) => trusted.includes(pem), nowMs });

describe("what is served", () => {
  it("is never replaced by what nobody trusts while it is trusted and lives", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 * dayMs }), (leftMs) => {
        const served = leafOf("old", { untilMs: nowMs + leftMs });
        expect(isToBeServed(leafOf("new"), served, trusting("old"))).toBe(false);
      }),
    );
  });

  it.each([
    ["there is nothing else", undefined, []],
    ["it is trusted", leafOf("old"), ["old", "new"]],
    ["neither is trusted", leafOf("old"), []],
    ["the one before has ended", leafOf("old", { untilMs: nowMs }), ["old"]],
  ])("is the newest where %s", (_when, served, trusted) => {
    expect(isToBeServed(leafOf("new"), served, trusting(...trusted))).toBe(true);
  });
});

describe("a new one is signed", () => {
  it("for another authority, at its time, and where the clock went back before it begins", () => {
    const leaf = leafOf("a");
    expect(isSigningDue(undefined, "a", nowMs)).toBe(true);
    expect(isSigningDue(leaf, "b", nowMs)).toBe(true);
    expect(isSigningDue(leaf, "a", leaf.renewAtMs)).toBe(true);
    expect(isSigningDue(leaf, "a", leaf.fromMs - 1)).toBe(true);
    expect(isSigningDue(leaf, "a", nowMs)).toBe(false);
    expect(isSigningDue(leaf, "a", leaf.renewAtMs - 1)).toBe(false);
  });

  it("at two thirds of the life, a tenth more or less", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 365 * dayMs }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (life, random) => {
          const part = (planRenewal(nowMs, nowMs + life, random) - nowMs) / life;
          expect(part).toBeGreaterThanOrEqual(0.599);
          expect(part).toBeLessThanOrEqual(0.734);
        },
      ),
    );
  });
});
