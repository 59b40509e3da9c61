import fc from "fast-check";
import { expect, it } from "vitest";
import { packText, unpackText } from "./packed.ts";

it("gives back every text that it packed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(unpackText(packText(text), 1_000_000)).toBe(text);
    }),
  );
});

it("refuses what is damaged, and what would grow beyond the bound", () => {
  const packed = packText("a".repeat(1_000_000));
  expect(packed.length).toBeLessThan(4_000);
  expect(unpackText(packed, 999_999)).toBeUndefined();
  expect(unpackText(packed.slice(0, 100), 1_000_000)).toBeUndefined();
  expect(unpackText("plain", 1_000_000)).toBeUndefined();
});
