/** Shows what counts as lost, and what does not. */
import { describe, expect, it } from "vitest";
import { compareRuns } from "./compare.ts";
import type { Check, CheckStatus, SuiteResults } from "./results.ts";

function checks(...statuses: CheckStatus[]): Check[] {
  return statuses.map((status, i) => ({ id: `check-${i}`, status }));
}

function results(scenarios: Record<string, Check[]>): SuiteResults {
  return new Map(Object.entries(scenarios));
}

describe("compareRuns", () => {
  const scored = ["a", "b"];

  it("counts scored scenarios only", () => {
    const direct = results({ a: checks("SUCCESS"), b: checks("FAILURE"), unscored: checks("SUCCESS") });
    expect(compareRuns({ version: "v", scored, direct, sidecar: direct })).toEqual({
      version: "v",
      direct: 1,
      sidecar: 1,
      policy: null,
      total: 2,
      lost: [],
    });
  });

  it("says null and no losses when no sidecar was measured", () => {
    const row = compareRuns({ version: "v", scored, direct: results({ a: checks("SUCCESS") }) });
    expect(row).toMatchObject({ direct: 1, sidecar: null, lost: [] });
  });

  it("names lost scenarios in order, scored or not", () => {
    const direct = results({ unscored: checks("SUCCESS"), b: checks("SUCCESS"), a: checks("SUCCESS") });
    const sidecar = results({ unscored: checks("FAILURE"), b: checks("FAILURE"), a: checks("SUCCESS") });
    expect(compareRuns({ version: "v", scored, direct, sidecar }).lost).toEqual(["b", "unscored"]);
  });

  it("counts a scenario without results through the sidecar as lost", () => {
    const direct = results({ a: checks("SUCCESS"), b: checks("SUCCESS") });
    const sidecar = results({ a: checks("SUCCESS") });
    expect(compareRuns({ version: "v", scored, direct, sidecar })).toMatchObject({ sidecar: 1, lost: ["b"] });
  });

  it("names a single check that turned into a warning", () => {
    const direct = results({ a: checks("SUCCESS", "SUCCESS") });
    const sidecar = results({ a: checks("SUCCESS", "WARNING") });
    expect(compareRuns({ version: "v", scored, direct, sidecar })).toMatchObject({ sidecar: 1, lost: ["a:check-1"] });
  });

  it("names a lost check of a scenario that fails both ways", () => {
    const direct = results({ a: checks("SUCCESS", "FAILURE") });
    const sidecar = results({ a: checks("FAILURE", "FAILURE") });
    expect(compareRuns({ version: "v", scored, direct, sidecar }).lost).toEqual(["a:check-0"]);
  });

  it("notices one loss among checks that share an id", () => {
    const same = (...statuses: CheckStatus[]): Check[] => statuses.map((status) => ({ id: "same", status }));
    const direct = results({ a: same("SUCCESS", "SUCCESS") });
    const sidecar = results({ a: same("SUCCESS", "SKIPPED") });
    expect(compareRuns({ version: "v", scored, direct, sidecar }).lost).toEqual(["a:same"]);
  });

  it("does not call what the sidecar gained, or what only informs, a loss", () => {
    const direct = results({ a: checks("FAILURE"), b: checks("SUCCESS", "INFO") });
    const sidecar = results({ a: checks("SUCCESS"), b: checks("SUCCESS") });
    expect(compareRuns({ version: "v", scored, direct, sidecar })).toMatchObject({ direct: 1, sidecar: 2, lost: [] });
  });

  it("marks what is lost with a policy only", () => {
    const direct = results({ a: checks("SUCCESS"), b: checks("SUCCESS") });
    const sidecar = results({ a: checks("FAILURE"), b: checks("SUCCESS") });
    const policy = results({ a: checks("FAILURE"), b: checks("FAILURE") });
    expect(compareRuns({ version: "v", scored, direct, sidecar, policy })).toMatchObject({
      sidecar: 1,
      policy: 0,
      lost: ["a", "b (policy)"],
    });
  });
});
