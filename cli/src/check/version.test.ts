import { describe, expect, it } from "vitest";
import { isOlder, isTooFarApart, parseVersion } from "./version.ts";

describe("versions", () => {
  it.each([
    ["v1.34.2", { major: 1, minor: 34 }],
    ["1.30.0-k3s1", { major: 1, minor: 30 }],
    ["v1.32+", { major: 1, minor: 32 }],
    ["0.1.0", { major: 0, minor: 1 }],
    ["unknown", undefined],
    ["", undefined],
    ["1", undefined],
  ])("reads %s", (text, expected) => {
    expect(parseVersion(text)).toEqual(expected);
  });

  it.each([
    [{ major: 1, minor: 29 }, true],
    [{ major: 1, minor: 30 }, false],
    [{ major: 0, minor: 40 }, true],
    [{ major: 2, minor: 0 }, false],
  ])("tells whether %j is older than 1.30", (version, expected) => {
    expect(isOlder(version, { major: 1, minor: 30 })).toBe(expected);
  });

  it.each([
    ["0.1.0", "0.3.9", false],
    ["0.3.0", "0.1.0", false],
    ["0.1.0", "0.4.0", true],
    ["0.9.0", "1.0.0", true],
    ["unknown", "0.1.0", true],
    ["dev", "dev", false],
  ])("lets %s and %s be at most two minor versions apart", (a, b, expected) => {
    expect(isTooFarApart(a, b)).toBe(expected);
  });
});
