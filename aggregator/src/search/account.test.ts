import fc from "fast-check";
import { decode, encode } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, it } from "vitest";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import { fitResults } from "./account.ts";
import { countTokens } from "./count-tokens.ts";
import { parseSearchRequest, type SearchRequest } from "./request.ts";
import { search } from "./search.ts";
import { emptySnapshot, followCatalogue } from "./snapshot.ts";

const tools = Array.from({ length: 30 }, (_, at) => ({
  name: `read_table_${at}`,
  description: `Reads table ${at} of the report. ${"It has many columns. ".repeat(8)}`,
  inputSchema: { type: "object", properties: { row: { type: "integer" } }, required: ["row"] },
}));
const catalogue = mergeAll([listed("report", tools), listed("secret", ["read_table_hidden"])]);
const index = followCatalogue(emptySnapshot(), catalogue);

const read = (input: object): SearchRequest => {
  const parsed = parseSearchRequest({ description: "read a table", ...input });
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
};
const ask = (input: object = {}, server = /./) => search(index, read(input), (tool) => server.test(tool.server));

describe("token metrics", () => {
  it("F-097 sets all visible definitions against what is returned, by a real tokenizer", () => {
    const { token_metrics: metrics, tools: found } = ask({ limit: 3 }, /report/);
    const visible = catalogue.tools.filter(({ server }) => server === "report");
    const baseline = visible.map(
      (tool) => encode(JSON.stringify({ ...tool.definition, name: tool.publicName })).length,
    );
    const returned = found.map((tool) => encode(JSON.stringify(tool)).length);
    const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
    expect(metrics.baseline_tokens).toBe(sum(baseline));
    expect(metrics.returned_tokens).toBe(sum(returned));
    expect(metrics.tokens_saved).toBe(metrics.baseline_tokens - metrics.returned_tokens);
    expect(metrics.savings_percent).toBeCloseTo((100 * metrics.tokens_saved) / metrics.baseline_tokens, 1);
    expect(metrics.savings_percent).toBeGreaterThan(80);
  });

  it("F-097 a hidden tool is in no figure, and filters do not change what listing would have cost", () => {
    const all = ask().token_metrics.baseline_tokens;
    const visible = ask({}, /report/).token_metrics.baseline_tokens;
    expect(all).toBeGreaterThan(visible);
    expect(ask({ server_id: "secret", limit: 1 }).token_metrics.baseline_tokens).toBe(all);
    expect(ask({}, /nobody/).token_metrics).toEqual({
      baseline_tokens: 0,
      returned_tokens: 0,
      tokens_saved: 0,
      savings_percent: 0,
    });
  });

  it("F-098 fits the results into max_tokens: shortened from the end, then left out", () => {
    const whole = ask({ limit: 8 });
    const { returned_tokens: needed } = whole.token_metrics;
    expect(ask({ limit: 8, max_tokens: needed })).toEqual(whole);
    const tight = ask({ limit: 8, max_tokens: needed - 1 });
    expect(tight.shortened).toBe(1);
    expect(tight.tools.slice(0, 7)).toEqual(whole.tools.slice(0, 7));
    expect(tight.tools[7]).toMatchObject({ name: whole.tools[7]?.name, required: ["row"] });
    expect(tight.tools[7]).not.toHaveProperty("inputSchema");
    const tiny = ask({ limit: 8, max_tokens: 200 });
    expect(tiny.token_metrics.returned_tokens).toBeLessThanOrEqual(200);
    expect(tiny.tools.map(({ name }) => name)).toEqual(whole.tools.slice(0, tiny.tools.length).map(({ name }) => name));
    expect(tiny).toMatchObject({ shortened: tiny.tools.length, left_out: 8 - tiny.tools.length });
    expect(ask({ limit: 8, detail: "short" })).not.toHaveProperty("shortened");
  });

  it("says what to do where not even one result fits", () => {
    const long = "x_".repeat(60);
    const narrow = followCatalogue(
      emptySnapshot(),
      mergeAll([listed("report", [{ name: long, description: "table" }])]),
    );
    const outcome = search(narrow, read({ max_tokens: 50 }), () => true);
    expect(outcome).toMatchObject({
      tools: [],
      left_out: 1,
      hint: "Not even one result fits into max_tokens: raise it.",
    });
  });

  it("never returns more than the budget, and shortens no more than it must", () => {
    const form = fc.record({ full: fc.string({ maxLength: 200 }), short: fc.string({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(form, { maxLength: 12 }), fc.integer({ min: 0, max: 400 }), (texts, maxTokens) => {
        const forms = texts.map(({ full, short }) => ({ full: () => full, short: () => short }));
        const { results, returnedTokens, shortened, leftOut } = fitResults(forms, maxTokens);
        expect(returnedTokens).toBeLessThanOrEqual(maxTokens);
        expect(results.reduce((sum, text) => sum + countTokens(JSON.stringify(text)), 0)).toBe(returnedTokens);
        expect(results.length + leftOut).toBe(texts.length);
        const unlimited = fitResults(forms);
        if (unlimited.returnedTokens <= maxTokens) expect({ shortened, leftOut }).toEqual({ shortened: 0, leftOut: 0 });
      }),
    );
  });
});

describe("countTokens", () => {
  it("counts what the tokenizer gives for any text that people write", () => {
    fc.assert(
      fc.property(fc.array(fc.lorem(), { maxLength: 40 }), (words) => {
        const text = words.join(" ");
        expect(countTokens(text)).toBe(encode(text).length);
      }),
    );
    expect(countTokens("<|endoftext|>")).toBe(encode("<|endoftext|>", { disallowedSpecial: new Set() }).length);
  });

  it("reads texts that are made to be slow in pieces, and still counts all of them", () => {
    for (const text of ["a".repeat(200_000), " ".repeat(200_000), "!".repeat(200_000), "é".repeat(100_000)]) {
      // 200,000 characters in one piece take the tokenizer about 20 seconds; the time limit of the test is the check.
      const tokens = countTokens(text);
      expect(tokens).toBeGreaterThan(text.length / 300);
      expect(decode(encode(text.slice(0, 256)))).toBe(text.slice(0, 256));
    }
  });
});
