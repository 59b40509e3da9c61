import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit, createLimitState } from "./admit.ts";
import { compilePolicy } from "./compile.ts";
import { compileCondition } from "./conditions.ts";
import { openDocument, type PolicyDocument } from "./document/document.ts";
import { useMethods, type Rule } from "./document/rules.ts";
import { judgeArguments } from "./inspect.ts";
import { isVisible, judge } from "./judge.ts";
import type { CallerFacts, Hints, Subject, ToolFacts, View } from "./rules.ts";

const engines = {
  compileCondition: (expression: string) => {
    const compiled = compileCondition(expression);
    return compiled.ok ? compiled.condition : undefined;
  },
};
const hints: Hints = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };
const toolFacts = (given: Partial<Hints> = {}): ToolFacts => ({
  pin: "Approved",
  approved: { hints: { ...hints, ...given }, digest: "d" },
});
const rule = (given: Partial<Rule>): Rule => ({
  name: "r",
  action: "Deny",
  subjects: [],
  methods: [],
  hints: {},
  ...given,
});
const withRules = (...rules: readonly Partial<Rule>[]): PolicyDocument => ({ ...openDocument, rules: rules.map(rule) });
const compile = (...layers: readonly PolicyDocument[]) => compilePolicy(layers, engines);
const tool: Subject = { kind: "tool", name: "write" };
const bob: CallerFacts = { kind: "User", name: "bob", groups: ["dev"], claims: { team: ["red", "blue"] } };

const usesOf = { tool: ["tools/call"], prompt: ["prompts/get"], resource: ["resources/read"] } as const;

/** Policies of the whole language, over few names, so that rules meet. */
const names = fc.array(fc.constantFrom("a", "b", "a*", "*", "?"), { maxLength: 2 });
const lists = fc.record({ deny: names, allow: names }, { requiredKeys: ["deny"] });
const anyRule: fc.Arbitrary<Rule> = fc.record(
  {
    name: fc.string(),
    action: fc.constantFrom("Allow" as const, "Deny" as const),
    subjects: fc.array(
      fc.constantFrom(
        { kind: "Any" as const },
        { kind: "Anonymous" as const },
        { kind: "User" as const, name: "b*" },
        { kind: "Group" as const, name: "ops" },
        { kind: "Claim" as const, claim: "team", name: "red" },
      ),
      { maxLength: 2 },
    ),
    tools: names,
    prompts: names,
    resources: names,
    methods: fc.array(fc.constantFrom(...useMethods), { maxLength: 2 }),
    hints: fc.constantFrom({}, { readOnlyHint: true }, { destructiveHint: false }),
    when: fc.constantFrom(
      'tool.name == "a"',
      'server.name == "s"',
      'caller.name == "bob"',
      "args.n > 1",
      'has(args.n) && tool.kind == "tool"',
      "tool.hints.readOnlyHint",
    ),
  },
  { requiredKeys: ["name", "action", "subjects", "methods", "hints"] },
);
const anyLayer: fc.Arbitrary<PolicyDocument> = fc
  .record({
    mode: fc.constantFrom("Enforce" as const, "Enforce" as const, "Audit" as const),
    defaultAction: fc.constantFrom("Allow" as const, "Allow" as const, "Deny" as const),
    access: fc.constantFrom("Any" as const, "Any" as const, "ReadOnly" as const),
    tools: lists,
    prompts: lists,
    resources: lists,
    rules: fc.array(anyRule, { maxLength: 3 }),
    pins: fc.constantFrom({ approved: [] }, { mode: "Enforce" as const, approved: [] }),
  })
  .map((part) => ({ ...openDocument, ...part }));
const anySubject = fc.record({
  kind: fc.constantFrom("tool" as const, "prompt" as const, "resource" as const),
  name: fc.constantFrom("a", "b", "ab"),
});
const anyView = fc.record(
  {
    server: fc.constant("s"),
    caller: fc.constantFrom(bob, { ...bob, kind: "Anonymous" as const, name: "nobody" }),
    tool: fc.constantFrom<ToolFacts>(
      toolFacts(),
      toolFacts({ readOnlyHint: true }),
      { pin: "Changed" },
      { pin: "Unapproved" },
    ),
  },
  { requiredKeys: ["server"] },
);
const anyArgs = fc.constantFrom({}, { n: 1 }, { n: 2 }, { n: "x" });

describe("what is listed", () => {
  it("is callable, and nothing else, for policies of the whole language over tools, prompts and resources", () => {
    fc.assert(
      fc.property(
        fc.array(anyLayer, { maxLength: 3 }),
        anySubject,
        anyView,
        anyArgs,
        (layers, subject, view, value) => {
          const policy = compile(...layers);
          const [method] = usesOf[subject.kind];
          const listed = isVisible(policy, subject, view);
          const used = { ...view, method };
          const admission = admit(policy, createLimitState(), { method, subject, view: used, caller: "c", nowMs: 0 });
          // Before arguments are read, list and call are one judgement.
          expect(admission.action === "allow").toBe(listed);
          const withArgs = judge(policy, subject, { ...used, args: { value } }).action === "allow";
          const looksAtArgs = layers.some(({ rules }) => rules.some(({ when }) => when?.includes("args") === true));
          if (!listed) expect(admission.action).toBe("deny");
          // Where no rule looks at arguments, they make no difference.
          if (!looksAtArgs) expect(withArgs).toBe(listed);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it("stays listed under a rule that looks at arguments, and hidden where no arguments could help", () => {
    const policy = compile(withRules({ tools: ["write"], when: 'args.path != "/tmp"' }));
    expect(isVisible(policy, tool)).toBe(true);
    const view = (path: string): View => ({ method: "tools/call", args: { value: { path } } });
    expect(judge(policy, tool, view("/etc")).action).toBe("deny");
    expect(judge(policy, tool, view("/tmp")).action).toBe("allow");
    expect(isVisible(compile(withRules({ tools: ["write"] })), tool)).toBe(false);
  });

  it("a further layer that is enforced never makes anything callable", () => {
    const enforced = anyLayer.map((layer) => ({ ...layer, mode: "Enforce" as const, defaultAction: "Allow" as const }));
    fc.assert(
      fc.property(
        fc.array(enforced, { maxLength: 2 }),
        enforced,
        anySubject,
        anyView,
        (layers, further, subject, view) => {
          const before = isVisible(compile(...layers), subject, view);
          const after = isVisible(compile(...layers, further), subject, view);
          expect(after && !before).toBe(false);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("a rule", () => {
  it("of any layer that denies wins over every allow", () => {
    const policy = compile(
      { ...withRules({ action: "Allow", tools: ["write"] }), tools: { allow: ["*"], deny: [] } },
      withRules({ action: "Deny", tools: ["wr*"] }),
    );
    expect(judge(policy, tool)).toEqual({ action: "deny", reason: "ToolDenied" });
  });

  it("that allows adds to the allow list of its layer, and restricts the kinds that it names", () => {
    const policy = compile({
      ...withRules({ action: "Allow", tools: ["write"] }),
      tools: { allow: ["read"], deny: [] },
    });
    expect(isVisible(policy, tool)).toBe(true);
    expect(isVisible(policy, { kind: "tool", name: "read" })).toBe(true);
    expect(isVisible(policy, { kind: "tool", name: "other" })).toBe(false);
    expect(isVisible(policy, { kind: "prompt", name: "other" })).toBe(true);
  });

  it("that allows is the consent that a default of Deny asks for", () => {
    const closed = { ...openDocument, defaultAction: "Deny" as const };
    expect(isVisible(compile(closed), tool)).toBe(false);
    expect(isVisible(compile(closed, withRules({ action: "Allow", tools: ["write"] })), tool)).toBe(true);
  });

  it("about one method leaves the others alone", () => {
    const policy = compile(withRules({ prompts: ["p"], methods: ["completion/complete"] }));
    const prompt: Subject = { kind: "prompt", name: "p" };
    expect(isVisible(policy, prompt)).toBe(true);
    expect(judge(policy, prompt, { method: "completion/complete" }).action).toBe("deny");
  });

  it("whose condition errs does not allow, and does deny", () => {
    const when = "args.n > 1";
    const view: View = { method: "tools/call", args: { value: { n: "text" } } };
    expect(judge(compile(withRules({ action: "Allow", tools: ["write"], when })), tool, view).action).toBe("deny");
    expect(judge(compile(withRules({ tools: ["write"], when })), tool, view).action).toBe("deny");
    // Nor where there is nothing to evaluate it with.
    const blind = compilePolicy([withRules({ tools: ["write"], when })]);
    expect(judge(blind, tool, { ...view, args: { value: { n: 0 } } }).action).toBe("deny");
  });

  it("about hints looks at approved definitions alone; without one it fails closed", () => {
    const deny = compile(withRules({ hints: { destructiveHint: true }, tools: ["*"] }));
    expect(isVisible(deny, tool, { tool: toolFacts() })).toBe(false);
    expect(isVisible(deny, tool, { tool: toolFacts({ destructiveHint: false }) })).toBe(true);
    expect(isVisible(deny, tool)).toBe(false);
    const allow = compile(withRules({ action: "Allow", hints: { readOnlyHint: true }, tools: ["*"] }));
    expect(isVisible(allow, tool, { tool: toolFacts({ readOnlyHint: true }) })).toBe(true);
    expect(isVisible(allow, tool, { tool: { pin: "Changed" } })).toBe(false);
  });

  it.each([
    [{ kind: "User", name: "b*" }, true],
    [{ kind: "User", name: "alice" }, false],
    [{ kind: "Group", name: "dev" }, true],
    [{ kind: "Claim", claim: "team", name: "blue" }, true],
    [{ kind: "Claim", claim: "none", name: "*" }, false],
    [{ kind: "ServiceAccount", name: "bob", namespace: "*" }, false],
    [{ kind: "Anonymous" }, false],
    [{ kind: "Any" }, true],
  ] as const)("about %j is about that caller, and denies when nobody vouches for one", (subject, isBob) => {
    const allow = compile(withRules({ action: "Allow", tools: ["write"], subjects: [subject] }));
    const deny = compile(withRules({ tools: ["write"], subjects: [subject] }));
    expect(isVisible(allow, tool, { caller: bob })).toBe(isBob);
    expect(isVisible(deny, tool, { caller: bob })).toBe(!isBob);
    const isForAnybody = subject.kind === "Any" || subject.kind === "Anonymous";
    expect(isVisible(allow, tool)).toBe(isForAnybody);
    expect(isVisible(deny, tool)).toBe(false);
  });
});

describe("read-only access", () => {
  it("serves tools alone whose approved definition declares it; prompts and resources stay", () => {
    const policy = compile({ ...openDocument, access: "ReadOnly" });
    expect(isVisible(policy, tool, { tool: toolFacts({ readOnlyHint: true }) })).toBe(true);
    expect(judge(policy, tool, { tool: toolFacts() })).toEqual({ action: "deny", reason: "ToolNotReadOnly" });
    expect(judge(policy, tool)).toEqual({ action: "deny", reason: "ToolNotReadOnly" });
    expect(isVisible(policy, { kind: "prompt", name: "p" })).toBe(true);
  });
});

describe("a layer in audit mode", () => {
  it("binds nobody, and its trial says what it would have done", () => {
    const strict = { ...openDocument, mode: "Audit" as const, tools: { deny: ["write"] } };
    const policy = compile(openDocument, strict);
    expect(isVisible(policy, tool)).toBe(true);
    expect(policy.trial === undefined ? undefined : isVisible(policy.trial, tool)).toBe(false);
    expect(compile(openDocument).trial).toBeUndefined();
  });

  it("counts its limits apart from those in force", () => {
    const limit = { name: "l", tools: ["*"], methods: ["tools/call"], per: [], maxConcurrency: 1 };
    const policy = compile({ ...openDocument, limits: [limit] }, { ...openDocument, mode: "Audit", limits: [limit] });
    const state = createLimitState();
    const call = { method: "tools/call", subject: tool, caller: "c", nowMs: 0 };
    expect(admit(policy, state, call).action).toBe("allow");
    expect(policy.trial === undefined ? "" : admit(policy.trial, state, call).action).toBe("allow");
  });
});

describe("arguments", () => {
  const verdictOf = (layer: Partial<PolicyDocument>, value: unknown, faults: readonly string[] = []) => {
    const policy = compilePolicy([{ ...openDocument, ...layer }], { ...engines, checkSchema: () => faults });
    if (policy.inspection === undefined) throw new Error("nobody looks at arguments");
    const view = { method: "tools/call", tool: toolFacts(), args: { value } };
    return judgeArguments(policy, policy.inspection, { subject: tool, view });
  };

  it("that hold a secret are refused with its place, not its text", () => {
    const key = "AKIAA1B2C3D4E5F6G7H8";
    const verdict = verdictOf({ arguments: { deny: ["AWSKey"] } }, { list: [{ "a/b": `key=${key}` }] });
    expect(verdict).toMatchObject({ action: "deny", reason: "ArgumentsSecret" });
    expect(JSON.stringify(verdict)).toContain("/list/0/a~1b");
    expect(JSON.stringify(verdict)).not.toContain(key);
    expect(verdictOf({ arguments: { deny: ["AWSKey"] } }, { [key]: 1 }).action).toBe("deny");
  });

  it("that a rule refuses are told the rule's name", () => {
    const rules = [rule({ name: "no root", tools: ["*"], when: 'args.path == "/"' })];
    expect(verdictOf({ rules }, { path: "/" })).toMatchObject({
      reason: "ArgumentsDenied",
      text: expect.stringContaining('"no root"') as string,
    });
    expect(verdictOf({ rules }, { path: "/tmp" }).action).toBe("allow");
  });

  it("that do not fit the schema are refused, or told of in audit", () => {
    expect(verdictOf({ arguments: { schema: "Enforce", deny: [] } }, {}, ["a fault"])).toMatchObject({
      reason: "ArgumentsInvalid",
      text: expect.stringContaining("a fault") as string,
    });
    expect(verdictOf({ arguments: { schema: "Audit", deny: [] } }, {}, ["a fault"])).toEqual({
      action: "allow",
      wouldDeny: "ArgumentsInvalid",
    });
  });

  it("that nest deeper or hold more entries than the policy allows are refused with their place", () => {
    const sizes = {
      maxEntries: 100,
      perTool: [
        { tools: ["wr*"], maxDepth: 2, maxEntries: 3 },
        { tools: ["x"], maxDepth: 1 },
      ],
    };
    expect(verdictOf({ sizes }, { a: { b: 1 } }).action).toBe("allow");
    expect(verdictOf({ sizes }, { a: { b: [] } })).toMatchObject({
      reason: "ArgumentsInvalid",
      text: 'The arguments do not fit: at "/a/b": nests deeper than the 2 levels that are allowed.',
    });
    expect(verdictOf({ sizes }, { a: [1, 2, 3, 4] })).toMatchObject({
      text: 'The arguments do not fit: at "/a": has 4 entries, 3 are allowed.',
    });
  });
});
