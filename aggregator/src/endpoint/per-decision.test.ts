import { expect, it } from "vitest";
import { emptyCatalogue } from "../catalog/merge.ts";
import { createDecision } from "./decide.ts";
import { perDecision } from "./per-decision.ts";

it("works it out once for each catalogue, decision and edition, and never gives one of another", () => {
  const catalogues = [emptyCatalogue({ qualify: "namespace" }), emptyCatalogue({ qualify: "namespace" })] as const;
  let edition = "first";
  const decisions = [createDecision({}), { ...createDecision({}), edition: () => edition }] as const;
  const asked: unknown[] = [];
  const numberOf = perDecision((catalogue, decision) => asked.push([catalogue, decision]));
  const all = () => catalogues.map((catalogue) => decisions.map((decision) => numberOf(catalogue, decision)));
  expect([all(), all()]).toEqual([
    [
      [1, 2],
      [3, 4],
    ],
    [
      [1, 2],
      [3, 4],
    ],
  ]);
  edition = "second";
  expect(all()).toEqual([
    [1, 5],
    [3, 6],
  ]);
});
