import fc from "fast-check";
import { expect, it } from "vitest";
import { createHedgeBudget } from "./hedge.ts";

it("F-109 lets one call in ten of a server go out twice, after a quiet time five at once, whatever other servers do", () => {
  const steps = fc.array(fc.record({ server: fc.constantFrom("a", "b"), isSlow: fc.boolean() }), { maxLength: 400 });
  fc.assert(
    fc.property(steps, (calls) => {
      const budget = createHedgeBudget();
      const counts = { a: { begun: 0, twice: 0 }, b: { begun: 0, twice: 0 } };
      for (const { server, isSlow } of calls) {
        budget.earn(server);
        const count = counts[server as "a"];
        count.begun++;
        if (isSlow && budget.spend(server)) count.twice++;
        expect(count.twice).toBeLessThanOrEqual(1 + Math.floor(count.begun / 10));
      }
    }),
  );
  const budget = createHedgeBudget();
  for (let count = 0; count < 1_000; count++) budget.earn("a");
  expect(Array.from({ length: 7 }, () => budget.spend("a"))).toEqual([true, true, true, true, true, false, false]);
  expect([budget.spend("b"), budget.spend("b")]).toEqual([true, false]);
});
