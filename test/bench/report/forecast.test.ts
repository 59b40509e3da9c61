import { describe, expect, it } from "vitest";
import { createForecast, formatLeft, formatSeconds } from "./forecast.ts";

describe("the forecast of a run", () => {
  it("begins with what is expected of its cases", () => {
    const forecast = createForecast();
    forecast.expect(60);
    forecast.expect(40);
    expect(forecast.left(60, 0)).toBe(100);
    expect(forecast.left(60, 10)).toBe(90);
  });

  it("goes by how long the cases before took, once they say something", () => {
    const forecast = createForecast();
    forecast.expect(10);
    forecast.expect(20);
    forecast.expect(100);
    forecast.settle(10, 40);
    expect(forecast.left(0, 0)).toBe(120);
    forecast.settle(20, 20);
    expect(forecast.left(0, 0)).toBe(200);
  });

  it("is never less than what comes after a case that takes longer", () => {
    const forecast = createForecast();
    forecast.expect(30);
    forecast.expect(50);
    expect(forecast.left(30, 90)).toBe(50);
  });
});

it("times are told as people tell them", () => {
  expect([0.4, 41.3, 59.6, 580].map(formatSeconds)).toEqual(["0 s", "41 s", "1 min 0 s", "9 min 40 s"]);
  expect([10, 50, 100, 361].map(formatLeft)).toEqual([
    "less than a minute left",
    "about 1 min left",
    "about 2 min left",
    "about 6 min left",
  ]);
});
