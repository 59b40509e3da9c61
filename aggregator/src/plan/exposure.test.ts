import { expect, it } from "vitest";
import { checkExposure, exposureModes, wantedForm } from "./exposure.ts";

it("F-099 lists fewer tools than the bound directly, the bound and more by search, and none directly at 0", () => {
  const auto = { mode: "auto", directBelow: 20, pinned: [] } as const;
  expect([0, 19, 20, 5_000].map((count) => wantedForm(auto, count))).toEqual(["direct", "direct", "search", "search"]);
  expect(wantedForm({ ...auto, directBelow: 0 }, 0)).toBe("search");
  expect(exposureModes.map((mode) => wantedForm({ ...auto, mode }, 5))).toEqual([
    "search",
    "direct",
    "search",
    "direct",
  ]);
});

it("takes pinned tools where something is listed beside search, and asks for them where nothing else would differ", () => {
  const withPins = exposureModes.map((mode) => checkExposure({ mode, pinned: ["a"] }) === undefined);
  const without = exposureModes.map((mode) => checkExposure({ mode, pinned: [] }) === undefined);
  expect([withPins, without]).toEqual([
    [false, false, true, true],
    [true, true, false, true],
  ]);
});
