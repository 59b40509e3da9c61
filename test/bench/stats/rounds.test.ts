import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseRounds, compareRounds, describeSubject, type Round, type Sample } from "./rounds.ts";
import { quantile, spread } from "./series.ts";

const sample = (cpuUs: number, rest: Partial<Sample> = {}): Sample => ({
  cpuUs,
  callsPerSecond: 1e6 / cpuUs,
  utilisation: 0.97,
  othersShare: 0.01,
  ...rest,
});
const round = (bare: Sample, ours: Sample): Round =>
  new Map([
    ["bare", bare],
    ["ours", ours],
  ]);
const capacity = { of: "bare", by: "ours" } as const;

describe("a series", () => {
  it("is told by its median with the least and the most", () => {
    expect(spread([3, 1, 2])).toEqual({ med: 2, min: 1, max: 3 });
    expect(spread([4, 1, 2, 3])).toEqual({ med: 2.5, min: 1, max: 4 });
    expect(quantile([10, 20, 30, 40], 0.9)).toBe(40);
  });

  it("without values is no number, not zero", () => {
    expect(spread([]).med).toBeNaN();
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe("rounds", () => {
  it("are compared each with itself: a machine that turns slow in the middle changes no ratio", () => {
    const rounds = [1, 1, 5, 5, 5].map((slowness) => round(sample(40 * slowness), sample(50 * slowness)));
    const ratio = compareRounds(rounds, capacity);
    expect(ratio.clean).toBe(true);
    for (const value of [ratio.med, ratio.min, ratio.max]) expect(value).toBeCloseTo(0.8);
  });

  it.each([
    ["others used the core", { othersShare: 0.09 }],
    ["the subject was not the bottleneck", { utilisation: 0.89 }],
  ])("do not count where %s, if three others are clean", (_why, rest) => {
    const clean = round(sample(40), sample(50));
    const rounds = [round(sample(40), sample(500, rest)), clean, clean, round(sample(400, rest), sample(50)), clean];
    expect(compareRounds(rounds, capacity)).toEqual({ med: 0.8, min: 0.8, max: 0.8, clean: true });
  });

  it("that are all disturbed count, the worst of them left out, and are marked", () => {
    const rounds = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6].map((othersShare, at) =>
      round(sample(40), sample(50 + at, { othersShare })),
    );
    const { chosen, clean } = chooseRounds(rounds.map((_, at) => ({ disturbance: 6 - at })));
    expect([chosen.map(({ disturbance }) => disturbance), clean]).toEqual([[1, 2, 3, 4, 5], false]);
    expect(compareRounds(rounds, capacity)).toEqual({ med: 40 / 52, min: 40 / 54, max: 40 / 50, clean: false });
    expect(describeSubject(rounds, "ours").clean).toBe(false);
    expect(describeSubject(rounds, "bare")).toMatchObject({ clean: true, rounds: 6, cpuUs: { med: 40 } });
  });

  it("give a ratio between their least and their most, whatever was measured", () => {
    const anySample = fc.record({
      cpuUs: fc.double({ min: 1, max: 1e5, noNaN: true }),
      callsPerSecond: fc.double({ min: 1, max: 1e5, noNaN: true }),
      utilisation: fc.double({ min: 0, max: 1, noNaN: true }),
      othersShare: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(anySample, anySample), { minLength: 1, maxLength: 11 }), (pairs) => {
        const { med, min, max } = compareRounds(
          pairs.map(([bare, ours]) => round(bare, ours)),
          capacity,
        );
        expect(med).toBeGreaterThanOrEqual(min);
        expect(med).toBeLessThanOrEqual(max);
      }),
    );
  });
});
