import { describe, expect, it } from "vitest";
import { exitCodeOf, judgeFigure, judgeTries, type Bar } from "./verdict.ts";

const atLeast: Bar = { id: "P1", figure: "f", question: "q", unit: "x", atLeast: 0.85 };
const atMost: Bar = { id: "P9", figure: "f", question: "q", unit: "MiB", atMost: 15 };
const figure = (min: number, med: number, max: number, clean = true) => ({ min, med, max, clean });

describe("a bar", () => {
  it("is decided by the median where rounds were left alone", () => {
    expect(judgeFigure(atLeast, figure(0.5, 0.85, 0.9))).toBe("met");
    expect(judgeFigure(atLeast, figure(0.5, 0.849, 0.9))).toBe("missed");
    expect(judgeFigure(atMost, figure(14, 15, 30))).toBe("met");
    expect(judgeFigure(atMost, figure(1, 15.1, 30))).toBe("missed");
  });

  it("of a noisy figure is met by all rounds or unsure, never missed", () => {
    expect(judgeFigure(atLeast, figure(0.86, 0.9, 0.95, false))).toBe("met");
    expect(judgeFigure(atLeast, figure(0.84, 0.9, 0.95, false))).toBe("inconclusive");
    expect(judgeFigure(atLeast, figure(0.1, 0.2, 0.3, false))).toBe("inconclusive");
    expect(judgeFigure(atLeast, figure(0.9, 0.9, 0.9, false))).toBe("inconclusive");
  });

  it("is never met by what was not measured", () => {
    expect(judgeFigure(atMost, undefined)).toBe("inconclusive");
    expect(judgeFigure(atMost, figure(Number.NaN, Number.NaN, Number.NaN))).toBe("inconclusive");
  });

  it("is missed only by two tries, and met by one", () => {
    expect(judgeTries(["missed", "missed"])).toBe("missed");
    expect(judgeTries(["missed"])).toBe("inconclusive");
    expect(judgeTries(["missed", "inconclusive"])).toBe("inconclusive");
    expect(judgeTries(["missed", "met"])).toBe("met");
    expect(judgeTries([])).toBe("inconclusive");
  });
});

describe("the exit code", () => {
  it("is never 0 by default", () => {
    expect(exitCodeOf([])).toBe(2);
    expect(exitCodeOf(["met", "inconclusive"])).toBe(2);
    expect(exitCodeOf(["met", "inconclusive", "missed"])).toBe(1);
    expect(exitCodeOf(["met", "met"])).toBe(0);
  });
});
