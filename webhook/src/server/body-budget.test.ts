/** Large bodies have a bound together; small ones have none. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBodyBudget, smallBytes } from "./body-budget.ts";

describe("the budget of bodies", () => {
  it("is never exceeded, refuses nothing that fits, and is whole again when all is given back", () => {
    const max = 10 * smallBytes;
    const step = fc.record({ bytes: fc.nat({ max: 4 * smallBytes }), give: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const budget = createBodyBudget(max);
        const held: { readonly bytes: number; readonly give: () => void }[] = [];
        for (const { bytes, give } of steps) {
          const counted = bytes <= smallBytes ? 0 : bytes;
          const before = held.reduce((sum, each) => sum + each.bytes, 0);
          const taken = budget.take(bytes);
          expect(taken !== undefined).toBe(before + counted <= max);
          if (taken !== undefined) held.push({ bytes: counted, give: taken });
          if (give % 3 === 0) held.splice(give % Math.max(1, held.length), 1)[0]?.give();
        }
        for (const { give } of held) {
          give();
          give();
        }
        expect(budget.take(max)).toBeDefined();
        expect(budget.take(smallBytes + 1)).toBeUndefined();
        expect(budget.take(smallBytes)).toBeDefined();
      }),
    );
  });
});
