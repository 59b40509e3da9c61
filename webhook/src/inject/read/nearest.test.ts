/** Suggestions for mistyped keys. */
import { describe, expect, it } from "vitest";
import { findNearest } from "./nearest.ts";

const known = ["rate-limit", "allow-tools", "port"];

describe("suggestions", () => {
  it.each([
    ["rate-limits", "rate-limit"],
    ["alow-tool", "allow-tools"],
    ["prot", "port"],
    ["something-else", undefined],
  ])("for %s is %s", (word, suggestion) => {
    expect(findNearest(word, known)).toBe(suggestion);
  });
});
