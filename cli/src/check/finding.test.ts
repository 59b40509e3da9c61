import { describe, expect, it } from "vitest";
import { createFinding, tally, toExitCode, type Level } from "./finding.ts";
import { explainFailure, judgeLook } from "./look.ts";

const of = (...levels: readonly Level[]) => levels.map((level) => createFinding("nodes", level, "x"));

describe("the exit code", () => {
  it.each<[readonly Level[], number]>([
    [["ok", "note", "warning"], 0],
    [[], 0],
    [["ok", "problem"], 1],
    [["ok", "unknown"], 1],
  ])("of %j is %i", (levels, expected) => {
    expect(toExitCode(tally(of(...levels)))).toBe(expected);
  });
});

describe("what could not be looked at", () => {
  const forbidden = { kind: "forbidden", message: "the API server answered 403" } as const;

  it.each([
    [{ verb: "list", resource: "pods" }, "need list pods in all namespaces"],
    [{ verb: "list", resource: "pods", namespaces: ["a", "b"] }, "need list pods in a, b"],
    [{ verb: "get", resource: "namespaces", name: "tools" }, "need get namespaces tools"],
    [{ verb: "get", resource: "leases", name: "x", namespaces: ["a"] }, "need get leases x in a"],
  ] as const)("names the right that is missing: %j", (asked, why) => {
    expect(explainFailure(forbidden, asked)).toEqual({ ok: false, why });
  });

  it("is never taken for an answer", () => {
    const look = explainFailure(forbidden, { verb: "list", resource: "pods" });
    const [finding] = judgeLook("injection", look, () => of("ok"));
    expect(finding).toEqual({
      area: "injection",
      level: "unknown",
      message: "could not look: need list pods in all namespaces",
    });
  });

  it("tells other failures in the API server's words", () => {
    const failure = { kind: "refused", message: "the API server answered 500: no" } as const;
    expect(explainFailure(failure, { verb: "list", resource: "pods" }).why).toBe(
      "pods: the API server answered 500: no",
    );
  });
});
