import { expect, it } from "vitest";
import { createEnded } from "./ended.ts";

it("knows what was ended until it would have expired", () => {
  let now = 0;
  const ended = createEnded(() => now);
  ended.add("a", 100);
  expect([ended.has("a"), ended.has("b")]).toEqual([true, false]);
  now = 101;
  ended.add("b", 200);
  expect([ended.has("a"), ended.has("b")]).toEqual([false, true]);
});

it("forgets the oldest beyond its bound", () => {
  const ended = createEnded(() => 0, 2);
  for (const id of ["a", "b", "c"]) ended.add(id, 100);
  expect(["a", "b", "c"].map(ended.has)).toEqual([false, true, true]);
});
