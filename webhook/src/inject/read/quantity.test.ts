/** Quantities as the API server rewrites them. */
import { describe, expect, it } from "vitest";
import { isAbove, isSameQuantity, readQuantity } from "./quantity.ts";

describe("quantities", () => {
  it.each([
    ["50m", 0.05],
    ["0.5", 0.5],
    ["2", 2],
    ["1Gi", 1_073_741_824],
    ["1.5Gi", 1_610_612_736],
    ["128e6", 128_000_000],
    ["1k", 1_000],
    [4, 4],
  ])("reads %s", (text, value) => {
    expect(readQuantity(text)).toBeCloseTo(value, 9);
  });

  it.each([["1GB"], [""], ["Mi"], ["1 Gi"], [null], [{}]])("does not read %s", (text) => {
    expect(readQuantity(text)).toBeUndefined();
  });

  it("takes two spellings of one amount for the same", () => {
    expect(isSameQuantity("0.5", "500m")).toBe(true);
    expect(isSameQuantity("1024Mi", "1Gi")).toBe(true);
    expect(isSameQuantity("160Mi", "161Mi")).toBe(false);
    expect(isSameQuantity("0", "0m")).toBe(true);
    expect(isSameQuantity(undefined, "1")).toBe(false);
  });

  it("compares", () => {
    expect(isAbove("256Mi", "160Mi")).toBe(true);
    expect(isAbove("50m", "0.05")).toBe(false);
  });
});
