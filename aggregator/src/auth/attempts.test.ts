import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAttempts } from "./attempts.ts";

const bounds = { most: 3, eachMs: 1_000, maxAddresses: 2 };

describe("failed attempts of an address", () => {
  it("are admitted up to a number, and one more after each while", () => {
    const attempts = createAttempts(bounds);
    for (let made = 0; made < 3; made++) {
      expect(attempts.waitMs("10.0.0.1", 0)).toBe(0);
      attempts.fail("10.0.0.1", 0);
    }
    expect(attempts.waitMs("10.0.0.1", 0)).toBe(1_000);
    expect(attempts.waitMs("10.0.0.2", 0)).toBe(0);
    expect(attempts.waitMs("10.0.0.1", 1_000)).toBe(0);
    attempts.fail("10.0.0.1", 1_000);
    expect(attempts.waitMs("10.0.0.1", 1_000)).toBe(1_000);
  });

  it("of one network of IPv6 are those of one", () => {
    const attempts = createAttempts(bounds);
    for (const tail of ["1", "2", "ffff:1"]) attempts.fail(`2001:db8:0:7::${tail}`, 0);
    expect(attempts.waitMs("2001:0db8::7:1:2:3:4", 0)).toBe(1_000);
    expect(attempts.waitMs("2001:db8:0:8::1", 0)).toBe(0);
  });

  it("are forgotten of whoever failed longest ago, where there are too many addresses", () => {
    const attempts = createAttempts(bounds);
    for (let made = 0; made < 3; made++) attempts.fail("a", 0);
    attempts.fail("b", 0);
    attempts.fail("c", 0);
    expect(attempts.waitMs("a", 0)).toBe(0);
  });

  it("never hold anybody up for longer than it takes to forgive one", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000)), (steps) => {
        const attempts = createAttempts(bounds);
        let now = 0;
        for (const step of steps) {
          attempts.fail("a", (now += step));
          expect(attempts.waitMs("a", now)).toBeLessThanOrEqual(bounds.eachMs);
        }
      }),
    );
  });
});
