import { compileDenial, compilePolicy, openDocument, type PolicyDocument, type View } from "@outrigger/policy";
import { describe, expect, it } from "vitest";
import { findChangedLists } from "./changed-lists.ts";

const content = {
  tools: [{ name: "a" }, { name: "b" }, { name: 7 }],
  prompts: [{ name: "p" }],
  resources: [{ uri: "test://one" }],
  resourceTemplates: [{ uriTemplate: "test://two/{x}" }],
  limited: false,
};
const policyOf = (layer: Partial<PolicyDocument>) => compilePolicy([{ ...openDocument, ...layer }]);
const none: View = {};
const changed = (before: Partial<PolicyDocument>, after: Partial<PolicyDocument>, view = none): string[] => [
  ...findChangedLists({ content, before: policyOf(before), after: policyOf(after), viewOf: () => view }),
];

describe("the lists that look different under another policy", () => {
  it("are those in which an entry came or went, templates with the resources", () => {
    expect(changed({}, { tools: { deny: ["b"] } })).toEqual(["tools"]);
    expect(changed({ prompts: { deny: ["*"] } }, { resources: { deny: ["test://two/*"] } })).toEqual([
      "prompts",
      "resources",
    ]);
  });

  it("are none where only limits, or names that the server does not have, changed", () => {
    expect(changed({ tools: { deny: ["b"] } }, { tools: { deny: ["b", "c"] }, instructions: "Drop" })).toEqual([]);
  });

  it("are seen with the eyes of the caller", () => {
    const subjects = [{ kind: "Group", name: "dev" }] as const;
    const rule = { name: "r", action: "Deny", tools: ["b"], subjects, methods: [], hints: {} } as const;
    const caller = { kind: "User", name: "ada", groups: ["dev"], claims: {} } as const;
    expect(changed({}, { rules: [rule] }, { caller })).toEqual(["tools"]);
    expect(changed({}, { rules: [rule] }, { caller: { ...caller, groups: ["ops"] } })).toEqual([]);
  });

  it("are all where nothing passed before, or nobody knows what the server lists", () => {
    const after = policyOf({});
    const before = compileDenial("PolicyMissing");
    expect([...findChangedLists({ content, before, after, viewOf: () => none })]).toHaveLength(3);
    expect([...findChangedLists({ content: undefined, before: after, after, viewOf: () => none })]).toHaveLength(3);
  });
});
