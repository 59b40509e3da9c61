import { expect, it } from "vitest";
import { fuzzParsers } from "../fuzz/parsers/fuzz-parsers.ts";
import { createParserTargets, type ParserTarget } from "../fuzz/parsers/targets.ts";

it("parsers of the aggregator take nothing that was not made for them, of thousands of texts each", async () => {
  const { tried, failures } = fuzzParsers(await createParserTargets(), { seed: 1, count: 3_000 });
  expect(failures).toEqual([]);
  expect(Object.keys(tried)).toHaveLength(7);
});

it("is told of a parser that throws, and of one that takes too much, with the text", () => {
  const throwing: ParserTarget = {
    ...{ name: "throwing", seeds: ["abc"] },
    judge: (text) => {
      if (text !== "abc") throw new RangeError("no");
      return undefined;
    },
  };
  const lax: ParserTarget = { name: "lax", seeds: ["abc"], judge: (text) => (text === "abc" ? undefined : "took it") };
  const { failures } = fuzzParsers([throwing, lax], { seed: 1, count: 100 });
  expect(failures.map(({ where, problem }) => [where, /^(?:threw RangeError: no|took it): "/.test(problem)])).toEqual([
    ["parser: throwing", true],
    ["parser: lax", true],
  ]);
});
