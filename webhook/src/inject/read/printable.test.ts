/** Nothing that a user writes can change how a message looks, or hide in it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toPrintable, toPrintableKey } from "./printable.ts";

describe("text of users in messages", () => {
  it.each([
    ["a line break", "a\r\nb", "a\\u000d\\u000ab"],
    ["NUL", "a\0b", "a\\u0000b"],
    ["a direction of reading", "a\u202Eb", "a\\u202eb"],
    ["a letter without width", "a\u200Bb", "a\\u200bb"],
    ["a separator of lines", "a\u2028b", "a\\u2028b"],
    ["half of a letter", "a\uD800b", "a\\ud800b"],
    ["a tag", "a\u{E0041}b", "a\\u{e0041}b"],
    ["DEL and the upper controls", "\u007F\u0085", "\\u007f\\u0085"],
    ["letters of other scripts", "größe 大小", "größe 大小"],
  ])("shows %s", (_name, text, shown) => {
    expect(toPrintable(text)).toBe(shown);
  });

  it("holds nothing that can't be seen, and can be sent in a header of HTTP", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(toPrintable(text)).toMatch(/^[\P{C}]*$/u);
        expect(toPrintableKey(text)).toMatch(/^[\x20-\x7E]{0,64}$/);
      }),
    );
  });

  it("shows letters in keys that look like others as what they are", () => {
    expect(toPrintableKey("outrigger.dev/p\u043Ert")).toBe("outrigger.dev/p\\u043ert");
  });
});
