import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemory, judgeHealth, remember, startGraceMs, type Evidence } from "./judge-health.ts";

const failed: Evidence = { kind: "Failed", reason: "ProbeFailed", message: "no answer", isFinal: false };
const final: Evidence = { kind: "Failed", reason: "BackingOff", message: "dies", isFinal: true };
const listed: Evidence = { kind: "Listed" };
const answered: Evidence = { kind: "Answered" };
const unauthorized: Evidence = { kind: "Unauthorized", message: "HTTP 401" };
const unlisted: Evidence = { kind: "Unlisted", message: "garbage" };

const slow: Evidence = { kind: "Pace", trouble: "slow" };
const steady: Evidence = { kind: "Pace", trouble: undefined };
const open: Evidence = { kind: "Breaker", trouble: "open" };
const closed: Evidence = { kind: "Breaker", trouble: undefined };

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
    ["it is slow", [listed, slow], 0, "Degraded Slow"],
    ["it is slow no more", [listed, slow, steady], 0, "Ready Serving"],
    ["it is slow and misses a check", [listed, slow, failed], 0, "Degraded ProbeFailed"],
    ["it is slow, and its calls fail", [listed, slow, open], 0, "Degraded CircuitOpen"],
    ["its calls succeed again", [listed, open, closed], 0, "Ready Serving"],
    ["its calls fail, and it is dead", [listed, open, failed, failed, failed], 0, "Dead ProbeFailed"],
    ["its pace is no answer", [slow, open], 0, "Initializing Starting"],
  ])("%s", (_name, evidence, nowMs, expected) => {
    expect(judge(evidence, nowMs)).toBe(expected);
  });

  it("takes as many failures and answers as it is told to", () => {
    const memory = [listed, failed].reduce(remember, createMemory(0, { failures: 2, successes: 3 }));
    const after = (...more: Evidence[]): string => judgeHealth(more.reduce(remember, memory), 0).state;
    expect([after(), after(failed)]).toEqual(["Degraded", "Dead"]);
    // One that was not dead yet needs no more than one answer.
    expect([after(answered), after(answered, failed)]).toEqual(["Ready", "Degraded"]);
    expect([after(failed, answered, answered), after(failed, answered, listed, answered)]).toEqual(["Dead", "Ready"]);
    expect(after(failed, answered, answered, failed, answered, answered)).toBe("Dead");
  });

  it("is Ready only if the last word about the list was good and the last check was answered", () => {
    const some = fc.constantFrom(failed, final, listed, answered, unauthorized, unlisted, slow, steady, open, closed);
    fc.assert(
      fc.property(fc.array(some), (evidence) => {
        const last = (...kinds: Evidence["kind"][]): Evidence | undefined =>
          evidence.findLast(({ kind }) => kinds.includes(kind));
        const isWell = last("Listed", "Unlisted", "Unauthorized")?.kind === "Listed";
        const isAnswered = last("Listed", "Unlisted", "Unauthorized", "Answered", "Failed")?.kind !== "Failed";
        const isFree = ![last("Pace"), last("Breaker")].some((each) => each === slow || each === open);
        const isGood = isWell && isAnswered && isFree;
        expect(judge(evidence) === "Ready Serving").toBe(isGood);
      }),
    );
  });
});
