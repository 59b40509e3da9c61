import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anonymous, idOf } from "./principal.ts";

const someone = fc.record({
  kind: fc.constantFrom("User" as const, "ServiceAccount" as const),
  name: fc.string({ minLength: 1 }),
});

describe("a principal", () => {
  it("has an id that no other has", () => {
    fc.assert(
      fc.property(someone, someone, (a, b) => (idOf(a) === idOf(b)) === (a.kind === b.kind && a.name === b.name)),
    );
  });

  it("has none where it is nobody in particular", () => {
    expect(idOf(anonymous)).toBe("");
  });
});
