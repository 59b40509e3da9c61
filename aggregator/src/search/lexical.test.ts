/** Holds the packed scorer against a reference that computes BM25F from the texts, one document at a time. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServerEntry, ToolEntry } from "../catalog/entry.ts";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import { createCandidates } from "./candidates.ts";
import { fields, readServerTexts, readToolTexts } from "./fields.ts";
import { scoreLexical } from "./lexical.ts";
import { emptySnapshot, followCatalogue, type IndexSnapshot } from "./snapshot.ts";
import { tokenize } from "./tokens.ts";

const k1 = 0.9;

/** Terms of every field of a tool, by position in {@link fields}. */
function readFields(server: ServerEntry, tool: ToolEntry): readonly (readonly string[])[] {
  const texts = new Map([...readServerTexts(server), ...readToolTexts(tool, server.tools.length)]);
  return fields.map((_, field) => tokenize(texts.get(field) ?? ""));
}

function scoreByHand(servers: readonly ServerEntry[], terms: readonly string[]): ReadonlyMap<string, number> {
  const documents = servers.flatMap((server) => server.tools.map((tool) => [tool, readFields(server, tool)] as const));
  const averages = fields.map((_, field) => {
    const lengths = documents.map(([, texts]) => texts[field]!.length).filter((length) => length > 0);
    return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  });
  const scores = documents.map(([tool, texts]) => {
    const score = terms.reduce((sum, term) => {
      const holders = documents.filter(([, other]) => other.some((list) => list.includes(term))).length;
      const idf = Math.log(1 + (documents.length - holders + 0.5) / (holders + 0.5));
      const x = fields.reduce((strength, { weight, b }, field) => {
        const count = Math.min(5, texts[field]!.filter((word) => word === term).length);
        return count === 0
          ? strength
          : strength + (weight * count) / (1 - b + (b * texts[field]!.length) / averages[field]!);
      }, 0);
      return sum + (idf * (k1 + 1) * x) / (k1 + x);
    }, 0);
    return [tool.publicName, score] as const;
  });
  return new Map(scores);
}

function scoreByIndex(index: IndexSnapshot, terms: readonly string[], group?: string): ReadonlyMap<string, number> {
  const known = terms.flatMap((term) => index.vocabulary.ids.get(term) ?? []);
  const weighted = known.map((id) => ({ id, weight: 1 }));
  const candidates = createCandidates(index, group === undefined ? {} : { group }, () => true);
  const scores = scoreLexical(index, weighted, candidates);
  return new Map(index.tools.map((tool, document) => [tool.publicName, scores[document] ?? 0]));
}

const words = ["read", "file", "issu", "branch", "mail", "report"];
const text = fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((list) => list.join(" "));
const tool = fc.record({
  name: fc.constantFrom("read", "file", "issue", "mail_report", "branch"),
  description: text,
  inputSchema: fc.record({
    properties: fc.dictionary(fc.constantFrom("file", "mail"), fc.record({ description: text })),
  }),
});
const tools = fc.uniqueArray(tool, { selector: ({ name }) => name, maxLength: 4 });
const catalogues = fc
  .tuple(fc.array(fc.tuple(tools, text, text), { minLength: 1, maxLength: 4 }))
  .map(([list]) =>
    mergeAll(
      list.map(([each, title, description], at) =>
        listed(`s${at}_file`, each, { title, description, group: at % 2 === 0 ? "even" : "odd" }),
      ),
    ),
  );

describe("scoreLexical", () => {
  it("equals BM25F computed by hand, with frequencies of the whole also where a filter leaves servers out", () => {
    const query = fc.uniqueArray(fc.constantFrom(...words));
    fc.assert(
      fc.property(catalogues, query, fc.constantFrom(undefined, "even"), (catalogue, terms, group) => {
        const index = followCatalogue(emptySnapshot(), catalogue);
        const expected = scoreByHand([...catalogue.servers.values()], terms);
        const scores = scoreByIndex(index, terms, group);
        for (const tool of catalogue.tools) {
          const isLeftOut = group !== undefined && tool.group !== group;
          expect(scores.get(tool.publicName)).toBeCloseTo(isLeftOut ? 0 : expected.get(tool.publicName)!, 9);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("a description that repeats the request a hundred times gains no place over one that says it once", () => {
    const rank = (repeats: number): number => {
      const others = ["send a mail to people", "send money", "read mail", "print a page", "draw a chart of all sales"];
      const tools = others.map((description, at) => ({ name: `t${at}`, description }));
      const pushy = { name: "pushy", description: "send mail ".repeat(repeats) };
      const many = Array.from({ length: 20 }, (_, at) =>
        listed(`s${at}`, [{ name: "x", description: "does what it does" }]),
      );
      const catalogue = mergeAll([...many, listed("a", tools), listed("b", [pushy])]);
      const scores = scoreByIndex(followCatalogue(emptySnapshot(), catalogue), ["send", "mail"]);
      const own = scores.get("tools__b__pushy")!;
      return [...scores.values()].filter((score) => score > own).length;
    };
    expect(rank(100)).toBeGreaterThanOrEqual(rank(1));
    expect(rank(100)).toBeGreaterThan(0);
  });
});
