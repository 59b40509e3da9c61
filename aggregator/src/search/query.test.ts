import { describe, expect, it } from "vitest";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import { createCandidates, type MayCall } from "./candidates.ts";
import { planQuery, type Query } from "./query.ts";
import { parseSearchRequest } from "./request.ts";
import { emptySnapshot, followCatalogue } from "./snapshot.ts";
import { stem } from "./tokens.ts";

function createPlan(changes: Parameters<typeof mergeAll>[0]) {
  const index = followCatalogue(emptySnapshot(), mergeAll(changes));
  const plan = (input: object, mayCall: MayCall = () => true): Query => {
    const request = parseSearchRequest(input);
    if (!request.ok) throw new Error(request.field);
    return planQuery(index, request.value, createCandidates(index, request.value.filters, mayCall));
  };
  const weightsOf = ({ terms }: Query): Record<string, number> =>
    Object.fromEntries(terms.map(({ id, weight }) => [index.vocabulary.words[id] ?? "", weight]));
  return { plan, weightsOf };
}

describe("planQuery", () => {
  const tools = ["create_issue", "open_ticket", "remove_repository", "secret_payroll"];
  const { plan, weightsOf } = createPlan([listed("srv", tools)]);

  it("counts a word as often as it occurs in description and keywords", () => {
    expect(weightsOf(plan({ description: "payroll payroll", keywords: ["payroll"] }))).toEqual({ payrol: 3 });
  });

  it("adds near-equal words at 0.3, but none that the request holds itself", () => {
    expect(weightsOf(plan({ description: "issue" }))).toEqual({ [stem("issue")]: 1, ticket: 0.3 });
    expect(weightsOf(plan({ description: "issue ticket bug" }))).toEqual({ [stem("issue")]: 1, ticket: 1 });
  });

  it("adds words spelled almost alike, by their likeness, for a word that no candidate holds", () => {
    const weights = weightsOf(plan({ description: "repositery" }));
    expect(Object.keys(weights)).toEqual([stem("repository")]);
    expect(weights[stem("repository")]).toBeGreaterThan(0.4);
    expect(weights[stem("repository")]).toBeLessThan(1);
  });

  it("treats a word that only hidden tools hold like one that nobody holds", () => {
    const mayCall: MayCall = ({ name }) => name !== "secret_payroll";
    expect(plan({ description: "payroll" }, mayCall).terms).toEqual([]);
    expect(plan({ description: "payrole" }, mayCall).terms).toEqual([]);
    expect(plan({ description: "payrole" }).terms).toHaveLength(1);
    const noTicket: MayCall = ({ name }) => name !== "open_ticket";
    expect(weightsOf(plan({ description: "issue" }, noTicket))).toEqual({ [stem("issue")]: 1 });
  });

  it("helps with the spelling of the first ten words that need it", () => {
    const spell = (at: number): string => "bcdfghjklmnp".charAt(at).repeat(8);
    const known = Array.from({ length: 12 }, (_, at) => spell(at));
    const index = createPlan([listed("s", known)]);
    const misspelled = known.map((word) => `${word}x`);
    expect(index.plan({ description: misspelled.slice(0, 9).join(" ") }).terms).toHaveLength(9);
    expect(index.plan({ description: misspelled.join(" ") }).terms).toHaveLength(10);
  });

  it("keeps the 200 rarest words of a text that has more", () => {
    const spell = (at: number): string => `w${String.fromCharCode(97 + (at % 26), 97 + Math.floor(at / 26))}qx`;
    const rare = Array.from({ length: 250 }, (_, at) => spell(at));
    const many = createPlan([
      listed(
        "s",
        rare.map((word, at) => ({ name: `t${at}`, description: `${word} zebra` })),
      ),
    ]);
    const short = many.plan({ description: ["zebra", ...rare.slice(0, 199)].join(" ") });
    expect(many.weightsOf(short)).toHaveProperty("zebra");
    const long = many.plan({ description: ["zebra", ...rare].join(" ") });
    expect(long.terms).toHaveLength(200);
    expect(many.weightsOf(long)).not.toHaveProperty("zebra");
  });

  it("has no mass where there is nothing to look for", () => {
    expect(plan({ description: "the of ?!" })).toEqual({ words: [], terms: [], mass: 0 });
    expect(plan({ description: "zeppelin" }).mass).toBeGreaterThan(0);
  });
});
