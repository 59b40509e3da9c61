/** Shows what is news beside the losses that are expected. */
import { expect, it } from "vitest";
import type { Row } from "./compare.ts";
import { findUnexpected } from "./expected.ts";

const row = (version: string, ...lost: string[]): Row => ({
  version,
  lost,
  direct: 1,
  sidecar: 1,
  policy: 1,
  total: 1,
});
const expected = { v1: { "a:b": "because" } };

it("takes an expected loss, in whichever of the two runs", () => {
  expect(findUnexpected([row("v1", "a:b")], expected)).toEqual({ lost: [], stale: [] });
  expect(findUnexpected([row("v1", "a:b (with others)")], expected)).toEqual({ lost: [], stale: [] });
});

it("tells of any other loss, also of an expected one in another row", () => {
  const rows = [row("v1", "a:b", "c"), row("v2", "a:b (with others)")];
  expect(findUnexpected(rows, expected)).toEqual({ lost: ["v1: c", "v2: a:b (with others)"], stale: [] });
});

it("tells of an entry that is not lost any more, or whose row is gone", () => {
  expect(findUnexpected([row("v1")], expected)).toEqual({ lost: [], stale: ["v1: a:b"] });
  expect(findUnexpected([], expected)).toEqual({ lost: [], stale: ["v1: a:b"] });
});

it("takes either outcome of what depends on timing", () => {
  const either = { v1: { a: "Either way: because" } };
  for (const rows of [[row("v1", "a")], [row("v1")]])
    expect(findUnexpected(rows, either)).toEqual({ lost: [], stale: [] });
  expect(findUnexpected([row("v1", "b")], either).lost).toEqual(["v1: b"]);
});
