import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutTo, measureWidth, padTo, toOneLine } from "./width.ts";

describe("width of text", () => {
  it("counts columns, not code units, and no colour codes", () => {
    expect(measureWidth("\u001b[31mred\u001b[39m")).toBe(3);
    expect(measureWidth("日本")).toBe(4);
    expect(measureWidth("é")).toBe(1);
    expect(measureWidth("👩‍👩‍👧")).toBe(2);
  });

  it("pads and cuts to columns", () => {
    expect(padTo("日", 4)).toBe("日  ");
    expect(cutTo("hello world", 8)).toBe("hello w…");
    expect(cutTo("hello world", 7)).toBe("hello…");
    expect(cutTo("hello", 5)).toBe("hello");
    expect(cutTo("a \u001b[31mred one\u001b[39m", 6)).toBe("a \u001b[31mred…\u001b[39m");
  });

  it("never cuts wider than asked", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 20 }), (text, columns) => {
        expect(measureWidth(cutTo(text, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it("makes foreign text safe for one line", () => {
    expect(toOneLine(" a\n\tb\u001b[31mc\u0007 \u202ed")).toBe("a bc d");
  });
});
