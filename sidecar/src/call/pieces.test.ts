import fc from "fast-check";
import { expect, it } from "vitest";
import { createPieces } from "./pieces.ts";

it("pieces of a body are joined as they came, whatever their sizes", () => {
  const sizes = fc.array(fc.oneof(fc.nat(20), fc.integer({ min: 900, max: 1_200 }), fc.nat(20_000)), { maxLength: 60 });
  fc.assert(
    fc.property(sizes, (lengths) => {
      const pieces = createPieces();
      const parts = lengths.map((length, at) => Buffer.alloc(length, at));
      for (const part of parts) pieces.add(part);
      expect(pieces.join().equals(Buffer.concat(parts))).toBe(true);
    }),
  );
});

it("a body that comes byte by byte is held in few pieces", () => {
  const pieces = createPieces();
  for (let at = 0; at < 1_000_000; at++) pieces.add(Buffer.from("x"));
  expect(pieces.count()).toBeLessThan(64);
  expect(pieces.join()).toHaveLength(1_000_000);
});
