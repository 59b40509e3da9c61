import type { VisiblePolicy } from "@outrigger/api/feed-callers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { factsOfCaller, looksAtCallers } from "./callers.ts";
import { compilePolicy } from "./compile.ts";
import { compileCondition } from "./conditions.ts";
import { openDocument, parsePolicyDocument, type PolicyDocument } from "./document/document.ts";
import { isVisible } from "./judge.ts";
import type { CallerFacts, Subject, ToolFacts } from "./rules.ts";
import { readVisibleLayers, writeVisiblePolicy } from "./visibility.ts";

const engines = {
  compileCondition: (expression: string) => {
    const compiled = compileCondition(expression);
    return compiled.ok ? compiled.condition : undefined;
  },
};
const compile = (layers: readonly PolicyDocument[]) => compilePolicy(layers, engines);

const globs = fc.array(fc.constantFrom("a", "b", "a*", "*", "?b"), { maxLength: 2 });
const anySubject = fc.constantFrom(
  { kind: "Any" },
  { kind: "Anonymous" },
  { kind: "User", name: "b*" },
  { kind: "Group", name: "ops" },
  { kind: "ServiceAccount", name: "bot", namespace: "ci" },
  { kind: "Claim", claim: "team", name: "red" },
);
const anyCondition = fc.constantFrom(
  'caller.name == "bob"',
  '"ops" in caller.groups && args.size > 3',
  "args.size() > 3",
  'tool.name.startsWith("a")',
  "tool.hints.readOnlyHint",
  'has(caller.claims.team) || server.name == "other"',
);
const anyRule = fc.record(
  {
    action: fc.constantFrom("Allow", "Deny"),
    subjects: fc.array(anySubject, { maxLength: 2 }),
    tools: globs,
    prompts: globs,
    resources: globs,
    when: anyCondition,
  },
  { requiredKeys: ["action"] },
);
const anyLists = fc.record({ deny: globs, allow: globs }, { requiredKeys: ["deny"] });
const anyLayer = fc
  .record({
    document: fc.record(
      {
        mode: fc.constantFrom("Enforce", "Audit"),
        defaultAction: fc.constantFrom("Allow", "Deny"),
        access: fc.constantFrom("Any", "ReadOnly"),
        tools: anyLists,
        prompts: anyLists,
        resources: anyLists,
        rules: fc
          .array(anyRule, { maxLength: 3 })
          .map((rules) => rules.map((each, at) => ({ name: `r${at}`, ...each }))),
        pins: fc.constantFrom({ mode: "Off" }, { mode: "Enforce" }, {}),
      },
      { requiredKeys: [] },
    ),
    onlyNarrows: fc.boolean(),
  })
  .map(({ document, onlyNarrows }): PolicyDocument => {
    const read = parsePolicyDocument(document);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    return onlyNarrows ? { ...read.document, onlyNarrows } : read.document;
  });
const anyPolicy = fc.array(anyLayer, { minLength: 1, maxLength: 3 });
const anyCaller: fc.Arbitrary<CallerFacts | undefined> = fc.constantFrom(
  undefined,
  factsOfCaller({ kind: "Anonymous", sub: "anonymous" }),
  factsOfCaller({ kind: "User", sub: "bob", groups: ["ops"], claims: { team: ["red"] } }),
  factsOfCaller({ kind: "User", sub: "ann" }),
  factsOfCaller({ kind: "ServiceAccount", sub: "ci/bot" }),
);
const anyThing: fc.Arbitrary<Subject> = fc.record({
  kind: fc.constantFrom("tool", "prompt", "resource"),
  name: fc.constantFrom("a", "b", "ab", "c"),
});
const hints = { readOnlyHint: true, destructiveHint: false, idempotentHint: false, openWorldHint: true };
const anyFacts: fc.Arbitrary<ToolFacts | undefined> = fc.constantFrom(
  undefined,
  { pin: "Approved" },
  { pin: "Approved", approved: { hints, digest: "" } },
  { pin: "Approved", approved: { hints: { ...hints, readOnlyHint: false }, digest: "" } },
  { pin: "Changed", approved: { hints, digest: "" } },
);

describe("what some caller may see", () => {
  it("F-127 holds everything that any caller may see", () => {
    fc.assert(
      fc.property(anyPolicy, anyThing, anyFacts, anyCaller, (layers, thing, tool, caller) => {
        const policy = compile(layers);
        const known = { server: "s", ...(tool === undefined ? {} : { tool }) };
        const isSeen = isVisible(policy, thing, { ...known, ...(caller === undefined ? {} : { caller }) });
        const someoneSees = isVisible(policy, thing, { ...known, caller: "someone" });
        expect(!isSeen || someoneSees).toBe(true);
        // Where no rule looks at callers there is nothing to tell apart.
        if (!looksAtCallers(policy)) expect(isSeen).toBe(someoneSees);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a policy that was handed on", () => {
  it("F-127 decides for every caller what the policy itself decides, of all that someone may see", () => {
    fc.assert(
      fc.property(anyPolicy, anyThing, anyFacts, anyCaller, (layers, thing, tool, caller) => {
        const policy = compile(layers);
        const handedOn = readVisibleLayers(
          JSON.parse(JSON.stringify(writeVisiblePolicy("h", layers))) as VisiblePolicy,
        );
        const view = {
          server: "s",
          ...(tool === undefined ? {} : { tool }),
          ...(caller === undefined ? {} : { caller }),
        };
        const someoneSees = isVisible(policy, thing, { ...view, caller: "someone" });
        const isListed = someoneSees && isVisible(compile(handedOn ?? []), thing, view);
        expect(isListed).toBe(isVisible(policy, thing, view));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is refused whole where one layer can't be read", () => {
    const whole = writeVisiblePolicy("h", [openDocument]);
    const layers = [...whole.layers, { document: { tools: { deny: ["x"] }, invented: true } }];
    expect(readVisibleLayers({ ...whole, layers })).toBeUndefined();
    expect(readVisibleLayers(whole)).toHaveLength(1);
  });
});

it("a service account has the same name and namespace in both of its spellings", () => {
  const spelt = ["ci/bot", "system:serviceaccount:ci:bot"].map((sub) => factsOfCaller({ kind: "ServiceAccount", sub }));
  expect(spelt.map(({ name, namespace }) => [name, namespace])).toEqual([
    ["bot", "ci"],
    ["bot", "ci"],
  ]);
});
