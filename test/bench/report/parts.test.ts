import { expect, it } from "vitest";
import { replacePart, type PagePart } from "./parts.ts";

const parts: readonly PagePart[] = ["sidecar", "webhook", "aggregator"];

it("replaces one part and leaves the others, in one order whichever was written first", () => {
  const write = (page: string, part: PagePart): string => replacePart(page, part, `text of the ${part}`);
  const page = parts.reduce(write, "");
  expect(parts.toReversed().reduce(write, "")).toBe(page);
  for (const part of parts) {
    const next = replacePart(page, part, "another");
    expect(next).toBe(page.replace(`text of the ${part}`, "another"));
    expect(replacePart(next, part, `text of the ${part}`)).toBe(page);
  }
  const order = parts.map((part) => page.indexOf(`text of the ${part}`));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
});
