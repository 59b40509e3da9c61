import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cleanTitle, fillPlaceholders, findNumbers } from "./title.ts";

describe("findNumbers", () => {
  it.each([
    ["F-048 a denied call stays out", ["F-048"]],
    ["a denied call stays out (F-048)", ["F-048"]],
    ["F-048, F-124: lists hold", ["F-048", "F-124"]],
    ["F-048 and again F-048", ["F-048"]],
    ["reads UTF-8 and GIF-89", []],
    ["plain words", []],
  ])("reads %j", (title, numbers) => {
    expect(findNumbers(title)).toEqual(numbers);
  });

  it.each([
    ["too few digits", "F-48 short", "F-48"],
    ["a letter behind", "F-048b odd", "F-048b"],
    ["a part known at run time", "F-… built", "F-…"],
  ])("keeps a malformed number, so that it is found as unknown: %s", (_fault, title, number) => {
    expect(findNumbers(title)).toEqual([number]);
  });
});

describe("cleanTitle", () => {
  it.each([
    ["F-048 a denied call stays out", "a denied call stays out"],
    ["F-048: a denied call stays out", "a denied call stays out"],
    ["F-048 - a denied call stays out", "a denied call stays out"],
    ["a denied call (F-048) stays out", "a denied call stays out"],
    ["a denied call stays out [F-048, F-124]", "a denied call stays out"],
    ["F-048, F-124 and F-126: lists hold", "lists hold"],
    ["says what F-048 says.", "says what says."],
    ["F-098 --limit takes 1 to 50", "--limit takes 1 to 50"],
    ["two\n  lines", "two lines"],
  ])("turns %j into %j", (title, words) => {
    expect(cleanTitle(title)).toBe(words);
  });

  it("leaves a title of nothing but a number as it is", () => {
    expect(cleanTitle("F-048")).toBe("F-048");
  });

  it("leaves no number in words that have any, wherever it stands", () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const number = fc.integer({ min: 0, max: 999 }).map((value) => `F-${String(value).padStart(3, "0")}`);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.array(word), number, (before, after, inside) => {
        const cleaned = cleanTitle([...before, inside, ...after].join(" "));
        expect(cleaned).toBe([...before, ...after].join(" "));
      }),
    );
  });
});

describe("fillPlaceholders", () => {
  it.each([
    ["refuses %s after %d", "refuses … after …"],
    ["refuses $name in $where.path", "refuses … in …"],
    ["stays below 100 %%", "stays below 100 %"],
    ["costs 5 $ or 5 % more", "costs 5 $ or 5 % more"],
  ])("turns %j into words", (title, words) => {
    expect(fillPlaceholders(title)).toBe(words);
  });
});
