import { describe, expect, it } from "vitest";
import type { Finding } from "../finding.ts";
import type { DeepFacts } from "./facts.ts";
import { judgeDeep } from "./judge.ts";

const well: DeepFacts = {
  url: "http://a/mcp",
  greeting: { ok: true, value: { name: "outrigger", version: "0.1.0", revisions: ["2026-07-28"] } },
  listed: { ok: true, value: { offered: 4, total: 12 } },
  searched: { ok: true, value: { wanted: "t__a__echo", words: "echo", found: ["t__a__sum", "t__a__echo"] } },
  described: { ok: true, value: { name: "t__a__echo", server: "t/a" } },
  filtered: { ok: true, value: [{ by: "namespace t", left: 12, strays: [] }] },
  hidden: { ok: true, value: { name: "t__a__drop", isListed: false, wasCalled: false } },
};
const brief = (findings: readonly Finding[]): string[] => findings.map(({ area, level }) => `${area} ${level}`);
const only = (change: Partial<DeepFacts>): Finding | undefined =>
  judgeDeep({ ...well, ...change }).find(({ level }) => level !== "ok");

describe("what a client meets", () => {
  it("is told step by step", () => {
    const areas = ["connection", "tools", "search", "details", "filters", "policy"];
    expect(brief(judgeDeep(well))).toEqual(areas.map((area) => `${area} ok`));
    expect(judgeDeep(well)[2]?.message).toBe("t__a__echo is result 2 for its own words");
  });

  it("ends with the step that nothing can be done after", () => {
    const { url } = well;
    expect(brief(judgeDeep({ url, greeting: { ok: false, why: "ECONNREFUSED" } }))).toEqual(["connection problem"]);
  });

  it("is no fault where there is no tool yet", () => {
    const { url, greeting } = well;
    const listed = { ok: true, value: { offered: 4, total: 0 } } as const;
    expect(brief(judgeDeep({ url, greeting, listed }))).toEqual(["connection ok", "tools note"]);
  });

  it.each<[string, Partial<DeepFacts>, string, string]>([
    [
      "a tool that search misses",
      { searched: { ok: true, value: { wanted: "t__a__echo", words: "echo", found: [] } } },
      "search",
      "not found by its own words",
    ],
    [
      "a filter that leaves nothing",
      { filtered: { ok: true, value: [{ by: "namespace t", left: 0, strays: [] }] } },
      "filters",
      "the wrong tools",
    ],
    [
      "a filter that leaves others",
      { filtered: { ok: true, value: [{ by: "namespace t", left: 2, strays: ["u__a__b"] }] } },
      "filters",
      "the wrong tools",
    ],
    [
      "a denied tool that is listed",
      { hidden: { ok: true, value: { name: "x", isListed: true, wasCalled: false } } },
      "policy",
      "is listed",
    ],
    [
      "a denied tool that can be called",
      { hidden: { ok: true, value: { name: "x", isListed: false, wasCalled: true } } },
      "policy",
      "can be called",
    ],
    ["details that do not come", { described: { ok: false, why: "no structure" } }, "details", "no structure"],
  ])("is a problem for %s", (_name, change, area, words) => {
    expect(only(change)).toMatchObject({ area, level: "problem", message: expect.stringContaining(words) as unknown });
  });
});
