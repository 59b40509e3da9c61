import { expect, it } from "vitest";
import { judgePatience, type Awaited } from "./patience.ts";

const times = { headerMs: 10_000, requestMs: 60_000, readerMs: 30_000 };
const cases: readonly (readonly [Awaited, number, "slow" | "over"])[] = [
  ["head", 10_000, "slow"],
  ["body", 60_000, "slow"],
  ["next", 72_000, "over"],
  ["end", 1_000, "over"],
];

it.each(cases)(
  "a connection on which the %s is awaited is left alone until %d ms have passed",
  (awaited, ms, judged) => {
    expect(judgePatience(awaited, ms - 1, times)).toBe("wait");
    expect(judgePatience(awaited, ms, times)).toBe(judged);
  },
);

it("an answer of ours is awaited without end: other bounds hold for that", () => {
  expect(judgePatience("answer", Number.MAX_SAFE_INTEGER, times)).toBe("wait");
});
