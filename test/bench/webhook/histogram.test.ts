import { describe, expect, it } from "vitest";
import { meanOf, quantileOf, readHistogram, subtract } from "./histogram.ts";

const text = (first: number, second: number, sum: number): string =>
  [
    "# HELP wait_seconds Time.",
    `wait_seconds_bucket{name="a",le="0.01"} ${first}`,
    `wait_seconds_bucket{name="a",le="0.1"} ${second}`,
    `wait_seconds_bucket{name="a",le="+Inf"} ${second}`,
    `wait_seconds_sum{name="a"} ${sum}`,
    `wait_seconds_count{name="a"} ${second}`,
    'wait_seconds_bucket{name="b",le="0.01"} 1000',
    'wait_seconds_count{name="b"} 1000',
    'other_seconds_count{name="a"} 7',
  ].join("\n");

describe("a histogram of a program", () => {
  const between = subtract(
    readHistogram(text(100, 110, 3), "wait_seconds", 'name="a"'),
    readHistogram(text(10, 10, 1), "wait_seconds", 'name="a"'),
  );

  it("says what was counted between two readings, of the series that are asked for", () => {
    expect(between).toEqual({
      buckets: [
        { bound: 0.01, count: 90 },
        { bound: 0.1, count: 100 },
        { bound: Number.POSITIVE_INFINITY, count: 100 },
      ],
      ...{ sum: 2, count: 100 },
    });
    expect(meanOf(between)).toBeCloseTo(0.02);
  });

  it("gives quantiles as evenly spread within their bucket", () => {
    expect(quantileOf(between, 0.45)).toBeCloseTo(0.005);
    expect(quantileOf(between, 0.9)).toBeCloseTo(0.01);
    expect(quantileOf(between, 0.99)).toBeCloseTo(0.091);
  });

  it("is unbounded beyond the last bound, and nothing where nothing was counted", () => {
    const late = { buckets: [{ bound: 0.01, count: 1 }], sum: 9, count: 2 };
    expect(quantileOf(late, 0.99)).toBe(Number.POSITIVE_INFINITY);
    expect(quantileOf(readHistogram("", "wait_seconds"), 0.5)).toBeNaN();
    expect(meanOf(readHistogram(text(1, 1, 1), "wait_seconds", 'name="c"'))).toBeNaN();
  });
});
