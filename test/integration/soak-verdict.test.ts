/** What a soak calls growth: a slope that lasts, neither the start nor a spike. */
import { expect, it } from "vitest";
import { formatSoak, isClean, judgeSeries } from "../soak/report.ts";
import { findGrowth, findSlope, type Sample } from "../soak/slope.ts";

const series = (value: (second: number) => number): Sample[] =>
  Array.from({ length: 600 }, (_, second) => ({ atSeconds: second, value: value(second) }));
const row = (value: (second: number) => number) =>
  judgeSeries({ name: "memory", unit: "MiB", mayGrow: 5, samples: series(value) });

it("finds the slope of a line, whatever single samples say", () => {
  expect(findSlope(series((second) => 3 + second / 10))).toBeCloseTo(0.1);
  expect(findSlope(series((second) => (second % 50 === 0 ? 1_000 : second / 10)))).toBeCloseTo(0.1, 1);
  expect(findSlope([{ atSeconds: 0, value: 1 }])).toBe(0);
});

it("tells what grows from what grew in the beginning", () => {
  expect(row((second) => 40 + second / 20).isBounded).toBe(false);
  expect(row((second) => Math.min(80, 40 + second)).isBounded).toBe(true);
  expect(row((second) => 60 + (second % 7)).isBounded).toBe(true);
  expect(findGrowth(series((second) => second / 10))).toBeCloseTo(29.9);
});

it("is not clean where something grows or went wrong", () => {
  const report = { seconds: 600, done: { calls: 1 }, rows: [row(() => 50)], problems: [] };
  expect(isClean(report)).toBe(true);
  expect(formatSoak(report)).toContain("nothing grew");
  expect(isClean({ ...report, rows: [row((second) => second)] })).toBe(false);
  expect(isClean({ ...report, problems: ["calls: no answer"] })).toBe(false);
});
