import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit, createLimitState, release } from "./admit.ts";
import { compileDenial, compilePolicy } from "./compile.ts";
import { openDocument, type PolicyDocument } from "./document/document.ts";
import type { Limit } from "./document/limits.ts";
import { isVisible, judge, judgeTraffic, judgeUnknownMethod } from "./judge.ts";

const name = fc.string({ unit: fc.constantFrom("a", "b", "_"), minLength: 1, maxLength: 3 });
const glob = fc.string({ unit: fc.constantFrom("a", "b", "_", "*", "?"), minLength: 1, maxLength: 3 });
const globs = fc.array(glob, { maxLength: 3 });
const lists = fc.record({ deny: globs, allow: globs }, { requiredKeys: ["deny"] });
const layer: fc.Arbitrary<PolicyDocument> = fc
  .record({ tools: lists, defaultAction: fc.constantFrom("Allow" as const, "Deny" as const) })
  .map((part) => ({ ...openDocument, ...part }));
const layers = fc.array(layer, { maxLength: 4 });

const tool = (toolName: string) => ({ kind: "tool" as const, name: toolName });
const callOf = (toolName: string, nowMs: number, caller = "c") => ({
  method: "tools/call",
  subject: tool(toolName),
  caller,
  nowMs,
});
const withLimit = (limit: Partial<Limit>): ReturnType<typeof compilePolicy> =>
  compilePolicy([
    { ...openDocument, limits: [{ name: "limit", tools: ["*"], methods: ["tools/call"], per: [], ...limit }] },
  ]);

describe("judgement", () => {
  it("a tool is listed if and only if a call of it is not denied, under any policy", () => {
    fc.assert(
      fc.property(layers, name, (documents, toolName) => {
        const policy = compilePolicy(documents);
        const listed = isVisible(policy, tool(toolName));
        expect(admit(policy, createLimitState(), callOf(toolName, 0)).action === "allow").toBe(listed);
      }),
      { numRuns: 3_000 },
    );
  });

  it("a further layer never makes anything visible", () => {
    fc.assert(
      fc.property(layers, layer, name, (documents, further, toolName) => {
        const before = isVisible(compilePolicy(documents), tool(toolName));
        const after = isVisible(compilePolicy([...documents, { ...further, defaultAction: "Allow" }]), tool(toolName));
        // Under a default of Deny an allow list is the consent that was missing; every other layer only narrows.
        const wasOpen = documents.every((document) => document.defaultAction === "Allow");
        if (wasOpen) expect(after && !before).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  it("layers give one judgement in any order", () => {
    fc.assert(
      fc.property(layers, name, (documents, toolName) => {
        const subject = tool(toolName);
        expect(judge(compilePolicy(documents), subject)).toEqual(judge(compilePolicy(documents.toReversed()), subject));
      }),
    );
  });

  it("deny wins over allow", () => {
    const policy = compilePolicy([{ ...openDocument, tools: { allow: ["*"], deny: ["delete_*"] } }]);
    expect(judge(policy, tool("delete_all"))).toEqual({ action: "deny", reason: "ToolDenied" });
    expect(judge(policy, tool("read"))).toEqual({ action: "allow" });
  });

  it("a default of Deny needs an allow list that names the tool", () => {
    const closed = { ...openDocument, defaultAction: "Deny" as const };
    expect(isVisible(compilePolicy([closed]), tool("a"))).toBe(false);
    expect(isVisible(compilePolicy([closed, { ...openDocument, tools: { allow: ["a"], deny: [] } }]), tool("a"))).toBe(
      true,
    );
  });

  it("prompts and resources have lists of their own", () => {
    const policy = compilePolicy([
      { ...openDocument, prompts: { deny: ["p"] }, resources: { allow: ["file:///*"], deny: [] } },
    ]);
    expect(judge(policy, { kind: "prompt", name: "p" })).toEqual({ action: "deny", reason: "PromptDenied" });
    expect(judge(policy, { kind: "resource", name: "http://x" })).toEqual({ action: "deny", reason: "ResourceDenied" });
    expect(judge(policy, tool("p"))).toEqual({ action: "allow" });
  });

  it("a restricted policy refuses methods that are not known, an open one passes them", () => {
    expect(judgeUnknownMethod(compilePolicy([openDocument])).action).toBe("allow");
    const restricted = compilePolicy([{ ...openDocument, tools: { allow: ["a"], deny: [] } }]);
    expect(judgeUnknownMethod(restricted)).toEqual({ action: "deny", reason: "MethodDenied" });
  });
});

describe("without a policy that could decide", () => {
  it("nothing is listed or callable under any name, and every question gets the same reason", () => {
    const kind = fc.constantFrom("tool" as const, "prompt" as const, "resource" as const);
    const reasons = fc.constantFrom("PolicyMissing" as const, "PolicyInvalid" as const);
    fc.assert(
      fc.property(reasons, kind, fc.string(), (reason, subjectKind, subjectName) => {
        const policy = compileDenial(reason);
        const subject = { kind: subjectKind, name: subjectName };
        const denied = { action: "deny", reason };
        expect(isVisible(policy, subject)).toBe(false);
        const call = { method: "tools/call", caller: "c", nowMs: 0 };
        expect(admit(policy, createLimitState(), { ...call, subject })).toEqual(denied);
        expect(admit(policy, createLimitState(), call)).toEqual(denied);
        for (const verdict of [judge(policy, subject), judgeTraffic(policy), judgeUnknownMethod(policy)])
          expect(verdict).toEqual(denied);
      }),
    );
  });

  it("and with one, what names no subject passes", () => {
    expect(judgeTraffic(compilePolicy([openDocument]))).toEqual({ action: "allow" });
  });
});

describe("limits of a policy that changes", () => {
  const limit = (over: Partial<Limit>): Limit => ({
    ...{ name: "limit", tools: ["*"], methods: ["tools/call"], per: [] },
    ...over,
  });
  const compile = (...limits: readonly Limit[]) =>
    compilePolicy(limits.map((each) => ({ ...openDocument, limits: [each] })));

  it("a limit goes on counting when others come before it or go", () => {
    const slow = limit({ name: "slow", rate: { count: 1, periodMs: 3_600_000 } });
    const wide = limit({ name: "wide", rate: { count: 100, periodMs: 1_000 } });
    const state = createLimitState();
    expect(admit(compile(slow), state, callOf("t", 0)).action).toBe("allow");
    expect(admit(compile(wide, slow), state, callOf("t", 1))).toMatchObject({ action: "limit", limit: "slow" });
    expect(admit(compile(slow), state, callOf("t", 2))).toMatchObject({ action: "limit", limit: "slow" });
  });

  it("a limit that is eased counts from anew, under the same name too", () => {
    const state = createLimitState();
    const strict = compile(limit({ rate: { count: 1, periodMs: 3_600_000 } }));
    expect(admit(strict, state, callOf("t", 0)).action).toBe("allow");
    expect(admit(strict, state, callOf("t", 0)).action).toBe("limit");
    expect(admit(compile(limit({ rate: { count: 5, periodMs: 1_000 } })), state, callOf("t", 1)).action).toBe("allow");
  });

  it("two layers with one and the same limit count a call once", () => {
    const twice = limit({ rate: { count: 2, periodMs: 60_000 }, maxConcurrency: 2 });
    const state = createLimitState();
    const actions = [0, 0, 0].map((nowMs) => admit(compile(twice, twice), state, callOf("t", nowMs)).action);
    expect(actions).toEqual(["allow", "allow", "limit"]);
  });
});

describe("limits", () => {
  it("lets the burst through, then one call per spacing, and says how long to wait", () => {
    const policy = withLimit({ rate: { count: 60, periodMs: 60_000 }, burst: 2 });
    const state = createLimitState();
    const at = (nowMs: number) => admit(policy, state, callOf("t", nowMs));
    expect(at(0).action).toBe("allow");
    expect(at(0).action).toBe("allow");
    expect(at(0)).toEqual({ action: "limit", reason: "RateLimited", limit: "limit", retryAfterMs: 1_000 });
    expect(at(999).action).toBe("limit");
    expect(at(1_000).action).toBe("allow");
  });

  it("never admits more than burst plus rate times time, over any sequence of calls", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }), (steps, count, burst) => {
        const policy = withLimit({ rate: { count, periodMs: 1_000 }, burst });
        const state = createLimitState();
        let nowMs = 0;
        let admitted = 0;
        for (const step of steps) {
          nowMs += step;
          if (admit(policy, state, callOf("t", nowMs)).action === "allow") admitted++;
          expect(admitted).toBeLessThanOrEqual(burst + Math.floor((nowMs * count) / 1_000 + 1e-6));
        }
      }),
    );
  });

  it("a call that waits as long as it was told is admitted", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 5_000 }),
        (count, burst, start) => {
          const policy = withLimit({ rate: { count, periodMs: 1_000 }, burst });
          const state = createLimitState();
          for (let call = 0; call < burst; call++) admit(policy, state, callOf("t", start));
          const refused = admit(policy, state, callOf("t", start));
          const waitMs = refused.action === "limit" ? (refused.retryAfterMs ?? 0) : 0;
          expect(waitMs).toBeGreaterThan(0);
          expect(admit(policy, state, callOf("t", start + waitMs)).action).toBe("allow");
        },
      ),
    );
  });

  it("counts per caller and per tool where the limit says so", () => {
    const policy = withLimit({ rate: { count: 1, periodMs: 60_000 }, per: ["Caller", "Tool"] });
    const state = createLimitState();
    expect(admit(policy, state, callOf("t", 0, "one")).action).toBe("allow");
    expect(admit(policy, state, callOf("t", 0, "two")).action).toBe("allow");
    expect(admit(policy, state, callOf("u", 0, "one")).action).toBe("allow");
    expect(admit(policy, state, callOf("t", 0, "one")).action).toBe("limit");
  });

  it("a call refused by one limit takes nothing from another", () => {
    const limits: Limit[] = [
      { name: "wide", tools: ["*"], methods: ["tools/call"], per: [], rate: { count: 3, periodMs: 60_000 } },
      { name: "narrow", tools: ["slow"], methods: ["tools/call"], per: [], rate: { count: 1, periodMs: 60_000 } },
    ];
    const policy = compilePolicy([{ ...openDocument, limits }]);
    const state = createLimitState();
    const actions = ["slow", "slow", "slow", "fast", "fast", "fast"].map(
      (each) => admit(policy, state, callOf(each, 0)).action,
    );
    expect(actions).toEqual(["allow", "limit", "limit", "allow", "allow", "limit"]);
  });

  it("bounds calls under way and frees a place when one ends", () => {
    const policy = withLimit({ maxConcurrency: 1 });
    const state = createLimitState();
    const first = admit(policy, state, callOf("t", 0));
    expect(admit(policy, state, callOf("t", 0))).toEqual({
      action: "limit",
      reason: "ConcurrencyLimited",
      limit: "limit",
    });
    if (first.action === "allow") release(state, first.ticket);
    expect(admit(policy, state, callOf("t", 0)).action).toBe("allow");
  });

  it("a flood of callers keeps memory bounded and never refills a used bucket", () => {
    const policy = withLimit({ rate: { count: 1, periodMs: 60_000 }, per: ["Caller"] });
    const state = createLimitState(100);
    expect(admit(policy, state, callOf("t", 0, "victim")).action).toBe("allow");
    for (let caller = 0; caller < 5_000; caller++) admit(policy, state, callOf("t", 1, `caller-${caller}`));
    expect(state.nextFreeMs.size).toBeLessThanOrEqual(101);
    expect(admit(policy, state, callOf("t", 2, "victim")).action).toBe("limit");
  });

  it("applies to the methods that it names only", () => {
    const policy = withLimit({ rate: { count: 1, periodMs: 60_000 }, methods: ["prompts/get"] });
    const state = createLimitState();
    expect(admit(policy, state, callOf("t", 0)).action).toBe("allow");
    expect(admit(policy, state, callOf("t", 0)).action).toBe("allow");
  });
});
