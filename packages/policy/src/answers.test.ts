import { describe, expect, it } from "vitest";
import { compilePolicy, describeLimits, openDocument, type PolicyDocument } from "./index.ts";

const rule = { name: "r", action: "Deny", subjects: [], methods: [], hints: {} } as const;
const answersOf = (...layers: readonly Partial<PolicyDocument>[]) =>
  compilePolicy(layers.map((layer) => ({ ...openDocument, ...layer }))).answers;

describe("what is looked for in a server's messages", () => {
  it("is nothing where no layer says anything of it", () => {
    expect(answersOf()).toBeUndefined();
    expect(answersOf({ tools: { allow: ["a"], deny: ["b"] }, prompts: { deny: ["c"] } })).toBeUndefined();
  });

  it.each<[string, Partial<PolicyDocument>]>([
    ["denied", { resources: { deny: ["file:///etc/*"] } }],
    ["allowed by name", { resources: { allow: ["file:///pub/*"], deny: [] } }],
    ["denied by default", { defaultAction: "Deny" }],
    ["under a rule", { rules: [rule] }],
  ])("are updates of resources where some may be %s", (_word, layer) => {
    expect(answersOf({}, layer)).toMatchObject({ hidesResources: true });
  });

  it("are instructions where one layer drops them, which the feed tells", () => {
    expect(answersOf({ instructions: "Drop" }, { instructions: "Keep" })).toMatchObject({ dropsInstructions: true });
    const told = describeLimits(compilePolicy([{ ...openDocument, instructions: "Drop" }])).controls;
    expect(told).toMatchObject({ instructions: "Drop" });
    expect(answersOf({ instructions: "Drop", mode: "Audit" })).toBeUndefined();
  });

  it("depends on the caller where a rule has subjects or its condition reads the caller", () => {
    const subjects = [{ kind: "Group", name: "ops" }] as const;
    expect(answersOf({ rules: [{ ...rule, subjects }] })).toMatchObject({ variesByCaller: true });
    expect(answersOf({ rules: [{ ...rule, when: 'caller.name == "a"' }] })).toMatchObject({ variesByCaller: true });
    expect(answersOf({ rules: [{ ...rule, when: "args.n > 3.0" }] })).toMatchObject({ variesByCaller: false });
  });
});
