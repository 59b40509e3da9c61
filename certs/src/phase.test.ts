/** When a step is due, and when a renewal has failed. */
import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "./authority.ts";
import { dueMs, isLate, madeAtMs, renewalMs } from "./phase.ts";

const dayMs = 86_400_000;
const nowMs = Date.parse("2026-11-22T10:00:00Z");
const times = { announceMs: 600_000, retireMs: 8 * dayMs };
let signingPem: string;
beforeAll(async () => {
  const made = await createAuthority({ commonName: "Test CA", nowMs, lifetimeMs: 365 * dayMs, keyBits: 2048 });
  signingPem = made.certificatePem;
});

describe("the next step", () => {
  it("is due when the authority is to be renewed, or when the phase has lasted long enough", () => {
    const since = { phaseSinceMs: nowMs, signingPem };
    expect(dueMs({ ...since, phase: "steady" }, times)).toBe(renewalMs(signingPem));
    expect(dueMs({ ...since, phase: "announced" }, times)).toBe(nowMs + 600_000);
    expect(dueMs({ ...since, phase: "switched" }, times)).toBe(nowMs + 8 * dayMs);
  });

  it("has no time where nobody knows since when the phase lasts", () => {
    const unknown = { phaseSinceMs: undefined, signingPem };
    expect(dueMs({ ...unknown, phase: "announced" }, times)).toBeUndefined();
    expect(dueMs({ ...unknown, phase: "steady" }, times)).toBe(renewalMs(signingPem));
  });
});

it("knows when a certificate was made, which is later than its validity begins", () => {
  expect(madeAtMs(new X509Certificate(signingPem))).toBe(nowMs);
});

describe("a certificate that was not renewed", () => {
  it.each([
    [7, 5.9, false],
    [7, 6.0, true],
    [90, 76.4, false],
    [90, 76.6, true],
    [365, 334.9, false],
    [365, 335.1, true],
    [3650, 3619, false],
    [3650, 3621, true],
  ])("of %i days is late after %d days: %s", (life, age, expected) => {
    expect(isLate({ fromMs: nowMs, untilMs: nowMs + life * dayMs }, nowMs + age * dayMs)).toBe(expected);
  });

  it("is never late before the last time at which we renew", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10_000, max: 3_650 * dayMs }),
        fc.double({ min: 0, max: 0.74, noNaN: true }),
        (life, part) => {
          expect(isLate({ fromMs: nowMs, untilMs: nowMs + life }, nowMs + life * part)).toBe(false);
        },
      ),
    );
  });
});
