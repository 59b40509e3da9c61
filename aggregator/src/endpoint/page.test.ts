import fc from "fast-check";
import { expect, it } from "vitest";
import { takePage } from "./page.ts";

it("gives every item once, in order, whatever the page size", () => {
  const lists = fc.uniqueArray(fc.string(), { maxLength: 40 }).map((keys) => keys.sort((a, b) => (a < b ? -1 : 1)));
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 12 }), (keys, size) => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = takePage(keys, { keyOf: (key) => key, size, cursor });
        if (!page.ok) throw new Error("our own cursor was refused");
        seen.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(keys);
    }),
  );
});

it("goes on behind an item that is gone meanwhile", () => {
  const page = takePage(["a", "b", "c"], { keyOf: (key) => key, size: 2 });
  if (!page.ok || page.nextCursor === undefined) throw new Error("a next page is due");
  expect(takePage(["a", "c", "d"], { keyOf: (key) => key, size: 2, cursor: page.nextCursor })).toEqual({
    ok: true,
    items: ["c", "d"],
  });
});

it("refuses a cursor that is none of ours", () => {
  for (const cursor of ["", "x", "e30", Buffer.from('{"after":1}').toString("base64url")]) {
    expect(takePage(["a"], { keyOf: (key) => key, size: 1, cursor }), cursor).toEqual({ ok: false });
  }
});
