import { expect, it } from "vitest";
import { createPaint } from "./paint.ts";
import { layOut } from "./table.ts";

it("aligns columns by what is visible, with nothing behind the last", () => {
  const { good } = createPaint(true);
  expect(layOut([["a", good("ok"), "x"], ["long name", "no", ""], ["b"]])).toEqual([
    `a          ${good("ok")}  x`,
    "long name  no",
    "b",
  ]);
});

it("lets a row of one cell widen no column", () => {
  expect(layOut([["a heading over all"], ["a", "b"]])).toEqual(["a heading over all", "a  b"]);
});

it("takes fixed widths, so that later rows stand below earlier ones", () => {
  expect(layOut([["a", "b"]], [6])).toEqual(["a       b"]);
});
