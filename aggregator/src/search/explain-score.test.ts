/** Explanations of a ranking: they add up to what the search itself says. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import type { MayCall } from "./candidates.ts";
import { explainScore, type ScoreExplanation } from "./explain-score.ts";
import { parseSearchRequest, type SearchRequest } from "./request.ts";
import { search } from "./search.ts";
import { emptySnapshot, followCatalogue, type IndexSnapshot } from "./snapshot.ts";
import { stem } from "./tokens.ts";

const everything: MayCall = () => true;
const read = (input: string | object): SearchRequest => {
  const parsed = parseSearchRequest(
    typeof input === "string" ? { description: input, limit: 50 } : { limit: 50, ...input },
  );
  if (!parsed.ok) throw new Error(parsed.field);
  return parsed.value;
};
const indexOf = (changes: Parameters<typeof mergeAll>[0]): IndexSnapshot =>
  followCatalogue(emptySnapshot(), mergeAll(changes));

const office = indexOf([
  listed(
    "files",
    [
      {
        name: "read_file",
        description: "Reads a file, and no other file.",
        inputSchema: { type: "object", properties: { path: { description: "Path of the file" } } },
      },
      { name: "write_file", description: "Writes text" },
      { name: "secret_payroll", description: "Reads a file of salaries" },
    ],
    { description: "Everything about a file" },
  ),
  listed("github", [{ name: "open_ticket", description: "Opens a ticket in a repository" }]),
]);

function explainOne(input: string | object, name: string, mayCall = everything): ScoreExplanation {
  const [explanation] = explainScore(office, { request: read(input), mayCall }, [name]);
  if (explanation === undefined) throw new Error(`${name} is no candidate`);
  return explanation;
}

const words = fc.constantFrom(
  "file",
  "read",
  "write",
  "ticket",
  "issue",
  "repository",
  "fiel",
  "payroll",
  "salary",
  "zzqx",
);
const texts = fc.array(words, { maxLength: 6 }).map((list) => list.join(" "));
const servers = fc.array(fc.record({ description: texts, tools: fc.array(texts, { minLength: 1, maxLength: 4 }) }), {
  minLength: 1,
  maxLength: 4,
});

describe("why a tool stands where it does", () => {
  it("F-192 is said by term and field, in the words of the index", () => {
    const explanation = explainOne("read a file", "tools__files__read_file");
    expect(explanation).toMatchObject({ rank: 1, score: 1, exact: false, raisedByServer: false, absent: [] });
    expect(explanation.raw).toBeCloseTo(explanation.best, 9);
    const file = explanation.terms.find(({ term }) => term === stem("file"));
    expect(file?.fields.map(({ field, count }) => [field, count])).toEqual([
      ["server", 1],
      ["sdesc", 1],
      ["name", 1],
      ["desc", 2],
      ["pdesc", 1],
    ]);
  });

  it("names words that a term stands in for, and words that gave nothing", () => {
    const near = explainOne("issue banana", "tools__github__open_ticket");
    expect(near.terms).toMatchObject([{ term: "ticket", for: stem("issue"), weight: 0.3 }]);
    expect(near.absent).toEqual([stem("banana")]);
    const misspelled = explainOne("repositery", "tools__github__open_ticket");
    expect(misspelled.terms).toMatchObject([{ term: stem("repository"), for: stem("repositery") }]);
  });

  it("has no rank where nothing was found in the tool", () => {
    expect(explainOne("ticket", "tools__files__read_file")).toMatchObject({ score: 0, raw: 0, terms: [], of: 1 });
    expect(explainOne("ticket", "tools__files__read_file")).not.toHaveProperty("rank");
  });

  it("says that the request names the tool, and that its server was hinted at", () => {
    expect(explainOne("secret_payroll", "tools__files__secret_payroll")).toMatchObject({
      exact: true,
      rank: 1,
      score: 1,
    });
    const hinted = explainOne({ description: "opens text", server: "github" }, "tools__github__open_ticket");
    expect(hinted.raisedByServer).toBe(true);
  });

  it("knows no more of what the caller may not call than a search does", () => {
    const mayCall: MayCall = ({ name }) => name !== "secret_payroll";
    const request = read("file of salaries");
    expect(explainScore(office, { request, mayCall }, ["tools__files__secret_payroll", "tools__x__y"])).toEqual([]);
    expect(explainOne("file of salaries", "tools__files__read_file", mayCall).of).toBe(2);
  });

  it("adds up: fields to terms, terms to the raw score, and score and rank are those of the search", () => {
    fc.assert(
      fc.property(servers, texts, fc.constantFrom(undefined, "s1"), (given, description, server) => {
        const changes = given.map(({ description: told, tools }, at) =>
          listed(
            `s${at}`,
            tools.map((text, index) => ({ name: `t${index}`, description: text })),
            { description: `${told} ${at}` },
          ),
        );
        const index = indexOf(changes);
        const request = read({ description, ...(server === undefined ? {} : { server }) });
        const { tools } = search(index, request, everything);
        const names = tools.map(({ name }) => name);
        const explanations = explainScore(index, { request, mayCall: everything }, names);
        expect(explanations.map(({ name }) => name)).toEqual(names);
        for (const [at, { raw, score, terms, of }] of explanations.entries()) {
          expect(terms.reduce((sum, term) => sum + term.score, 0)).toBeCloseTo(raw, 9);
          for (const term of terms)
            expect(term.fields.reduce((sum, field) => sum + field.score, 0)).toBeCloseTo(term.score, 9);
          expect(score).toBeCloseTo(tools[at]?.score ?? -1, 3);
          expect(of).toBeGreaterThanOrEqual(names.length);
        }
        const ranks = explanations.map(({ rank }) => rank ?? 0);
        expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
        if (ranks.length > 0) expect(ranks[0]).toBe(1);
      }),
    );
  });
});
