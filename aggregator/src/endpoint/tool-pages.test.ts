import fc from "fast-check";
import { expect, it } from "vitest";
import { createToolPages, type Spelling } from "./tool-pages.ts";

const list = [{ name: "a" }, { name: "b", x: "ä" }, { name: "c" }];
const asIs: Spelling = { concerns: () => false, spell: (tool) => tool, by: () => undefined };
const wanted = { keyOf: (tool: Readonly<Record<string, unknown>>) => String(tool["name"]), size: 2 };
const first = { ...wanted, spelling: asIs };

function itemsOf(page: ReturnType<ReturnType<typeof createToolPages>["take"]>) {
  if (!page.ok) throw new Error("the page was refused");
  return page.items;
}

it("gives the same page and its JSON again while the list is the same, and another for another list", () => {
  const pages = createToolPages();
  const items = itemsOf(pages.take(list, first));
  expect(itemsOf(pages.take(list, first))).toBe(items);
  expect(Buffer.from(pages.bytesOf(items) ?? []).toString()).toBe(JSON.stringify(list.slice(0, 2)));
  expect(itemsOf(pages.take([...list], first))).not.toBe(items);
  expect(pages.bytesOf([...items])).toBeUndefined();
});

it("the pages of any list together are the list, each with its own JSON", () => {
  const names = fc.uniqueArray(fc.string(), { maxLength: 30 }).map((keys) => keys.sort((a, b) => (a < b ? -1 : 1)));
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 7 }), (keys, size) => {
      const [tools, pages, seen] = [keys.map((name) => ({ name })), createToolPages(), [] as unknown[]];
      let cursor: string | undefined;
      do {
        const page = pages.take(tools, { ...first, size, cursor });
        if (!page.ok) throw new Error("our own cursor was refused");
        seen.push(...(JSON.parse(Buffer.from(pages.bytesOf(page.items) ?? []).toString()) as unknown[]));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(tools);
    }),
  );
});

it("spells the tools anew where what they are spelled by has changed", () => {
  const pages = createToolPages();
  const spelled = (by: string) => {
    const spelling: Spelling = {
      concerns: ({ name }) => name === "b",
      spell: (tool) => ({ ...tool, by }),
      by: () => by,
    };
    return itemsOf(pages.take(list, { ...first, spelling }));
  };
  for (const by of ["x", "y", "x"]) expect(spelled(by)[0]).toEqual({ name: "a", by });
  expect(spelled("x")).toBe(spelled("x"));
});

it("keeps no more than its bound, the latest, and refuses a cursor that is none of ours", () => {
  const pages = createToolPages(700);
  const other = [{ name: "d" }, { name: "e" }];
  const items = itemsOf(pages.take(list, first));
  const later = itemsOf(pages.take(other, first));
  expect(itemsOf(pages.take(list, first))).not.toBe(items);
  expect(itemsOf(pages.take(other, first))).not.toBe(later);
  expect(pages.take(list, { ...first, cursor: "x" })).toEqual({ ok: false });
});
