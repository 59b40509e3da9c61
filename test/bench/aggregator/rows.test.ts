import { expect, it } from "vitest";
import { formatRows, judgeRow, median, type AggregatorRow } from "./rows.ts";

const row = (ratio: number, bar = 0.8): AggregatorRow => ({
  ...{ name: "calls", question: "calls", ours: "80 /s", beside: "100 /s", ratio, bar },
});

it("judges a bar that is missed by whether the machine had anything else to do", () => {
  expect([judgeRow(row(0.8), true), judgeRow(row(0.79), true), judgeRow(row(0.79), false)]).toEqual([
    "met",
    "inconclusive",
    "not met",
  ]);
});

it("takes the middle of odd and even numbers of figures, and refuses to make one up", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  expect(() => median([])).toThrow(RangeError);
});

it("says on each line what was compared with what, and how it was judged", () => {
  const text = formatRows("Node 24", [row(0.9), row(0.5)], false);
  expect(text).toContain("calls     80 /s  100 /s  0.90   >= 0.80  met");
  expect(text).toContain("1 of 2 bars met");
});
