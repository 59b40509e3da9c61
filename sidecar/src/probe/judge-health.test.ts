import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemory, judgeHealth, remember, startGraceMs, type Evidence } from "./judge-health.ts";

const failed: Evidence = { kind: "Failed", reason: "ProbeFailed", message: "no answer", isFinal: false };
const final: Evidence = { kind: "Failed", reason: "BackingOff", message: "dies", isFinal: true };
const listed: Evidence = { kind: "Listed" };
const answered: Evidence = { kind: "Answered" };
const unauthorized: Evidence = { kind: "Unauthorized", message: "HTTP 401" };
const unlisted: Evidence = { kind: "Unlisted", message: "garbage" };

function judge(evidence: readonly Evidence[], nowMs = 0): string {
  const { state, reason } = judgeHealth(evidence.reduce(remember, createMemory(0)), nowMs);
  return `${state} ${reason}`;
}

describe("health", () => {
  it.each<[string, readonly Evidence[], number, string]>([
    ["nothing was seen", [], 0, "Initializing Starting"],
    ["it answered but was not listed yet", [answered], 0, "Initializing Starting"],
    ["it was listed", [listed], 0, "Ready Serving"],
    ["it asks for credentials, which is alive", [unauthorized], 0, "Degraded Unauthorized"],
    ["it answers, but its list can't be read", [unlisted], 0, "Degraded ListFailed"],
    ["it misses one check", [listed, failed], 0, "Degraded ProbeFailed"],
    ["it misses three checks", [listed, failed, failed, failed], 0, "Dead ProbeFailed"],
    ["it answers again", [listed, failed, failed, failed, answered], 0, "Ready Serving"],
    ["a list that failed stays failed when it answers", [listed, unlisted, failed, answered], 0, "Degraded ListFailed"],
    ["it is not up yet", [failed, failed, failed, failed], startGraceMs - 1, "Initializing ProbeFailed"],
    ["it never came up", [failed, failed, failed], startGraceMs, "Dead ProbeFailed"],
    ["its process dies at once", [final], 0, "Dead BackingOff"],
    ["its process lives again", [final, listed], 0, "Ready Serving"],
  ])("%s", (_name, evidence, nowMs, expected) => {
    expect(judge(evidence, nowMs)).toBe(expected);
  });

  it("is Ready only if the last word about the list was good and the last check was answered", () => {
    const some = fc.constantFrom(failed, final, listed, answered, unauthorized, unlisted);
    fc.assert(
      fc.property(fc.array(some), (evidence) => {
        const lastList = evidence.findLast(({ kind }) => kind !== "Failed" && kind !== "Answered");
        const isGood = lastList?.kind === "Listed" && evidence.at(-1)?.kind !== "Failed";
        expect(judge(evidence) === "Ready Serving").toBe(isGood);
      }),
    );
  });
});
