/** What decided about a tool: the clause that did, where it is from, and nothing that did not. */
import { parsePolicyDocument, type Engines, type PolicyDocument, type View } from "@outrigger/policy";
import { compileCondition } from "@outrigger/policy/conditions";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeTool, type ToolVerdict } from "./judge-tool.ts";

const engines: Engines = {
  compileCondition: (text) => {
    const compiled = compileCondition(text);
    return compiled.ok ? compiled.condition : undefined;
  },
};

function read(value: unknown): PolicyDocument {
  const document = parsePolicyDocument(value);
  if (!document.ok) throw new Error(JSON.stringify(document.problems));
  return document.document;
}

const judgeUnder = (documents: readonly unknown[], tool: string, view: View = {}): ToolVerdict =>
  judgeTool(
    { layers: documents.map((value, at) => ({ origin: `layer ${at}`, document: read(value) })) },
    { tool, view, engines },
  );
const alice = { kind: "User", name: "alice", groups: ["staff"], claims: { tenant: "blue" } } as const;
const writer = {
  pin: "Approved",
  approved: {
    hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    digest: "",
  },
} as const;

describe("what decided about a tool", () => {
  it.each([
    ["a deny list", [{ tools: { deny: ["delete_*"] } }], {}, ['layer 0: denies "delete_*"']],
    ["an allow list", [{ tools: { allow: ["read_*"] } }], {}, ['layer 0: allows "read_*" only']],
    [
      "a rule",
      [{}, { rules: [{ name: "no-deletes", action: "Deny", tools: ["delete_*"] }] }],
      {},
      ['layer 1: rule "no-deletes" denies it'],
    ],
    [
      "a rule about the caller",
      [{ rules: [{ name: "no-staff", action: "Deny", subjects: [{ kind: "Group", name: "staff" }] }] }],
      { caller: alice },
      ['layer 0: rule "no-staff" denies it'],
    ],
    [
      "a condition on a claim",
      [{ rules: [{ name: "red", action: "Allow", when: 'caller.claims.tenant == "red"' }] }],
      { caller: alice },
      ['layer 0: none of its rules that allow fits: "red"'],
    ],
    [
      "the default",
      [{ defaultAction: "Deny" }],
      {},
      ["layer 0: denies by default, and no allow list or rule of the platform names the tool"],
    ],
    [
      "read-only access",
      [{ access: "ReadOnly" }],
      { tool: writer },
      ["layer 0: serves only tools that are declared read-only (access: ReadOnly)"],
    ],
    [
      "pins",
      [{ pins: { mode: "Enforce" } }],
      { tool: { ...writer, pin: "Changed" } },
      ["layer 0: holds back tools whose definition is not the approved one (pins: Enforce)"],
    ],
    [
      "everything that denies, not only the first",
      [{ tools: { deny: ["*"] } }, { tools: { allow: ["x"] } }],
      {},
      ['layer 0: denies "*"', 'layer 1: allows "x" only'],
    ],
  ] as const)("F-192 is %s", (_name, documents, view, causes) => {
    const verdict = judgeUnder(documents, "delete_file", view);
    expect(verdict.action).toBe("deny");
    expect(verdict.causes.map(({ origin, text }) => `${origin}: ${text}`)).toEqual(causes);
  });

  it("is what allows it, where something does", () => {
    const rules = [{ name: "staff", action: "Allow", subjects: [{ kind: "Group", name: "staff" }] }];
    const verdict = judgeUnder([{ defaultAction: "Deny", tools: { allow: ["x"] }, rules }], "delete_file", {
      caller: alice,
    });
    expect(verdict).toMatchObject({ action: "allow", reason: "Allowed", causes: [{ text: 'rule "staff" allows it' }] });
    expect(judgeUnder([{}], "x").causes).toEqual([]);
  });

  it("has the sidecar's own reason word", () => {
    expect(judgeUnder([{ access: "ReadOnly" }], "x", { tool: writer }).reason).toBe("ToolNotReadOnly");
    expect(judgeUnder([{ pins: { mode: "Enforce" } }], "x", { tool: { ...writer, pin: "Changed" } }).reason).toBe(
      "ToolChanged",
    );
    const denied = { reason: "PolicyMissing", why: "no policy" } as const;
    expect(judgeTool({ layers: [], denied }, { tool: "x", view: {}, engines })).toMatchObject({
      reason: "PolicyMissing",
      causes: [{ text: "no policy" }],
    });
  });

  it("names limits and bounds that hold for the tool, and no others", () => {
    const limits = [
      { name: "reads", tools: ["read_*"], rate: "60/m" },
      { name: "writes", tools: ["write_*"], maxConcurrency: 2, per: ["Caller"] },
      { name: "lists", methods: ["tools/list"], rate: "1/s" },
    ];
    const verdict = judgeUnder(
      [{ limits, sizes: { perTool: [{ tools: ["write_*"], maxResponseBytes: "1Ki" }] } }],
      "write_x",
    );
    expect(verdict.limits.map(({ name }) => name)).toEqual(["writes"]);
    expect(verdict.bounds.maxResponseBytes).toBe(1024);
  });

  it("judges arguments of a call that is listed", () => {
    const rules = [{ name: "no-etc", action: "Deny", tools: ["read"], when: 'args.path.startsWith("/etc")' }];
    const args = (path: string): View => ({ args: { value: { path } } });
    expect(judgeUnder([{ rules }], "read", args("/etc/passwd"))).toMatchObject({
      action: "allow",
      arguments: { action: "deny", reason: "ArgumentsDenied", text: expect.stringContaining("no-etc") as string },
    });
    expect(judgeUnder([{ rules }], "read", args("/tmp/x")).arguments).toEqual({ action: "allow" });
  });

  it("tells what layers in audit mode would do, and lets them bind nobody", () => {
    const verdict = judgeUnder([{ mode: "Audit", tools: { deny: ["x"] } }], "x");
    expect(verdict).toMatchObject({ action: "allow", causes: [], onTrial: "ToolDenied" });
  });

  it("is never without a cause where it denies", () => {
    const globs = fc.subarray(["a", "b*", "*", "abc"], { minLength: 1 });
    const document = fc.record(
      {
        defaultAction: fc.constantFrom("Allow", "Deny"),
        access: fc.constantFrom("Any", "ReadOnly"),
        tools: fc.record({ allow: globs, deny: globs }, { requiredKeys: [] }),
        rules: fc.constantFrom(
          [],
          [{ name: "r", action: "Deny", tools: ["b*"] }],
          [{ name: "r", action: "Allow", tools: ["a"], subjects: [{ kind: "User", name: "bob" }] }],
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.array(document, { maxLength: 3 }),
        fc.constantFrom("a", "bc", "abc"),
        fc.boolean(),
        (documents, tool, isKnown) => {
          const { action, causes } = judgeUnder(documents, tool, isKnown ? { caller: alice, tool: writer } : {});
          if (action === "deny") expect(causes.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
