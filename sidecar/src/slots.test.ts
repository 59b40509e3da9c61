/** What a bag with places holds, beside a Set that does the same. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSlots } from "./slots.ts";

describe("a bag with places", () => {
  it("holds what was put in and not freed, whatever the order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 })), (steps) => {
        const slots = createSlots<{ readonly step: number }>();
        const held: { readonly value: { readonly step: number }; readonly place: number }[] = [];
        for (const step of steps) {
          const freed = step % 3 === 0 ? held.splice(step % (held.length + 1), 1)[0] : undefined;
          if (freed !== undefined) slots.free(freed.place);
          else {
            const value = { step };
            held.push({ value, place: slots.put(value) });
          }
        }
        expect(new Set(slots.values())).toEqual(new Set(held.map(({ value }) => value)));
        expect([...slots.values()]).toHaveLength(held.length);
      }),
    );
  });

  it("uses places again", () => {
    const slots = createSlots();
    const place = slots.put({});
    slots.free(place);
    expect(slots.put({})).toBe(place);
  });
});
