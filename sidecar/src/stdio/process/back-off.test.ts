import { describe, expect, it } from "vitest";
import { lengthenBackOff, noBackOff, waitForStart } from "./back-off.ts";

describe("back-off", () => {
  it("doubles the pause from the least to the longest and never beyond", () => {
    const bounds = { minMs: 100, maxMs: 1_000 };
    const pauses: number[] = [];
    let state = noBackOff;
    for (let i = 0; i < 60; i++) {
      state = lengthenBackOff(state, bounds, 5_000);
      pauses.push(waitForStart(state, 5_000));
    }
    expect(pauses.slice(0, 6)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(pauses.at(-1)).toBe(1_000);
  });

  it("lets a start through when the pause is over, and at once where nothing failed", () => {
    const state = lengthenBackOff(noBackOff, { minMs: 100, maxMs: 1_000 }, 0);
    expect(waitForStart(state, 99)).toBe(1);
    expect(waitForStart(state, 100)).toBe(0);
    expect(waitForStart(noBackOff, 0)).toBe(0);
  });
});
