import { keys } from "@outrigger/api/keys";
import { describe, expect, it } from "vitest";
import { openDocument, parsePolicyDocument } from "./document/document.ts";
import { parseQuickAnnotation, parseQuickPolicy } from "./quick.ts";

const problemsOf = (value: unknown): string[] => {
  const read = parsePolicyDocument(value);
  return read.ok ? [] : read.problems.map((problem) => `${problem.path.join(".")}: ${problem.expected}`);
};

describe("policy document", () => {
  it("reads an empty document as the open one", () => {
    expect(parsePolicyDocument({})).toEqual({ ok: true, document: openDocument });
  });

  it("reads every field", () => {
    const read = parsePolicyDocument({
      defaultAction: "Deny",
      tools: { allow: ["read_*"], deny: ["read_secret"] },
      prompts: { deny: ["p"] },
      resources: { allow: ["file:///*"] },
      limits: [
        {
          name: "slow",
          tools: ["read_*"],
          methods: ["tools/*"],
          per: ["Caller", "Tool"],
          rate: "30/m",
          burst: 5,
          maxConcurrency: 2,
        },
      ],
      sizes: {
        ...{ maxRequestBytes: "1Ki", maxResponseBytes: 2048, onOversize: "Truncate", maxDepth: 4, maxEntries: 9 },
        perTool: [{ tools: ["a*"], maxResponseBytes: "1Ki", maxDuration: "1m30s" }],
      },
      mode: "Audit",
      access: "ReadOnly",
      rules: [
        {
          name: "team",
          action: "Allow",
          subjects: [{ kind: "Group", name: "ops-*" }, { kind: "Anonymous" }],
          tools: ["read_*"],
          methods: ["tools/call"],
          hints: { readOnlyHint: true },
          when: 'args.path != "/"',
        },
        { name: "all kinds", action: "Deny" },
      ],
      arguments: { schema: "Enforce", deny: ["PEM"] },
      results: { redact: ["/user/a~1b", "JWT"] },
      pins: { mode: "Enforce", approved: [{ server: "s", tool: "t", digest: `sha256:${"a".repeat(64)}` }] },
      audit: { arguments: "Hash", results: "Include" },
      instructions: "Drop",
    });
    expect(read).toEqual({
      ok: true,
      document: {
        mode: "Audit",
        access: "ReadOnly",
        rules: [
          {
            name: "team",
            action: "Allow",
            subjects: [{ kind: "Group", name: "ops-*" }, { kind: "Anonymous" }],
            tools: ["read_*"],
            methods: ["tools/call"],
            hints: { readOnlyHint: true },
            when: 'args.path != "/"',
          },
          { name: "all kinds", action: "Deny", subjects: [], methods: [], hints: {} },
        ],
        arguments: { schema: "Enforce", deny: ["PEM"] },
        results: { redact: [{ text: "/user/a~1b", tokens: ["user", "a/b"] }, "JWT"] },
        pins: { mode: "Enforce", approved: [{ server: "s", tool: "t", digest: "a".repeat(64) }] },
        audit: { arguments: "Hash", results: "Include" },
        instructions: "Drop",
        defaultAction: "Deny",
        tools: { allow: ["read_*"], deny: ["read_secret"] },
        prompts: { deny: ["p"] },
        resources: { allow: ["file:///*"], deny: [] },
        limits: [
          {
            name: "slow",
            tools: ["read_*"],
            methods: ["tools/*"],
            per: ["Caller", "Tool"],
            rate: { count: 30, periodMs: 60_000 },
            burst: 5,
            maxConcurrency: 2,
          },
        ],
        sizes: {
          ...{ maxRequestBytes: 1024, maxResponseBytes: 2048, onOversize: "Truncate", maxDepth: 4, maxEntries: 9 },
          perTool: [{ tools: ["a*"], maxResponseBytes: 1024, maxDurationMs: 90_000 }],
        },
      },
    });
  });

  it("reports all problems at once, each with its path and the right form", () => {
    const problems = problemsOf({
      tools: { alow: ["x"], deny: "x" },
      limits: [{ rate: "60/sec" }, { name: "a", burst: 3 }, { name: "a", maxConcurrency: 0 }],
      defaultAction: "deny",
      sizes: { maxResponseBytes: "ten" },
    });
    expect(problems).toEqual([
      'defaultAction: "Allow" or "Deny"',
      "tools.alow: no such key; known are allow, deny",
      "tools.deny: a list",
      'limits.0.rate: <n>/<s|m|h>, e.g. "60/m"',
      'limits.0: "rate", "maxConcurrency" or both',
      "limits.0.name: a name of at most 253 characters, so that a refused call can say which limit it met",
      'limits.1: "rate", "maxConcurrency" or both',
      'limits.1.burst: a "rate" beside it',
      "limits.2.maxConcurrency: a whole number from 1 to 1000000",
      'limits.2: "rate", "maxConcurrency" or both',
      'limits.2.name: a name of its own; "a" stands above already',
      'sizes.maxResponseBytes: a size in bytes such as "65536", "256Ki" or "4Mi"',
    ]);
  });

  it.each([
    [{ name: "a", action: "RequireApproval" }, 'action: "Allow" or "Deny"; "RequireApproval" is not available yet'],
    [{ name: "a" }, 'action: "Allow" or "Deny"'],
    [{ name: "a", action: "Deny", methods: ["tools/list"] }, "methods: methods that use something"],
    [{ name: "a", action: "Deny", methods: ["tools/cal"] }, 'methods.0: "tools/call" or'],
    [{ name: "a", action: "Deny", hints: { readOnlyHint: "yes" } }, "hints.readOnlyHint: true or false"],
    [{ name: "a", action: "Deny", prompts: ["*"], hints: { readOnlyHint: true } }, "hints: a rule about tools alone"],
    [{ name: "a", action: "Deny", when: "" }, "when: a CEL expression"],
    [{ name: "a", action: "Deny", subjects: [{}] }, 'subjects.0.kind: "User" or'],
    [{ name: "a", action: "Deny", subjects: [{ kind: "User" }] }, "subjects.0.name: a glob, for User"],
    [{ name: "a", action: "Deny", subjects: [{ kind: "Any", name: "x" }] }, "subjects.0.name: nothing: Any has none"],
  ])("refuses the rule %j and says what is right", (rule, expected) => {
    expect(problemsOf({ rules: [rule] })[0]).toContain(`rules.0.${expected}`);
  });

  it.each([
    [{ arguments: { deny: ["Password"] } }, "arguments.deny.0: "],
    [{ results: { redact: ["user.email"] } }, "results.redact.0: a JSON pointer"],
    [{ results: { redact: [""] } }, "results.redact.0: a JSON pointer"],
    [{ pins: { approved: [{ server: "s", tool: "t", digest: "abc" }] } }, 'pins.approved.0.digest: "sha256:"'],
    [{ pins: { approval: "FirstSeen" } }, "pins.approval: no such key"],
    [{ sizes: { maxDuration: "0s" } }, "sizes.maxDuration: a duration"],
    [{ sizes: { perTool: [{ tools: ["a"] }] } }, "sizes.perTool.0: one of maxRequestBytes"],
    [{ sizes: { perTool: [{ maxDepth: 1 }] } }, "sizes.perTool.0.tools: the tools"],
    [{ mode: "Dry" }, 'mode: "Enforce" or "Audit"'],
  ])("refuses %j and says where", (value, expected) => {
    expect(problemsOf(value).join()).toContain(expected);
  });

  it.each([[null], [[]], ["text"], [3]])("refuses %j as a document", (value) => {
    expect(problemsOf(value)).toHaveLength(1);
  });
});

describe("quick policy", () => {
  it("turns every allow list into a layer of its own, so that lists intersect", () => {
    const read = parseQuickPolicy({
      allowTools: [
        ["a", "b"],
        ["b", "c"],
      ],
      denyTools: ["d"],
      rateLimit: "5/s",
      maxConcurrency: 2,
    });
    expect(read.ok && read.layers.map((layer) => layer.tools)).toEqual([
      { deny: ["d"] },
      { allow: ["a", "b"], deny: [] },
      { allow: ["b", "c"], deny: [] },
    ]);
  });

  it("refuses what is not of the annotations' form", () => {
    expect(parseQuickPolicy({ rateLimit: "fast" }).ok).toBe(false);
    expect(parseQuickPolicy({ allowTools: "read" }).ok).toBe(false);
    expect(parseQuickPolicy("x").ok).toBe(false);
  });
});

describe("one annotation of a pod", () => {
  const limit = { name: "annotation", tools: ["*"], methods: ["tools/call"], per: [] };

  it.each([
    ["allowTools", "read_*, search", { tools: { allow: ["read_*", "search"], deny: [] } }],
    ["denyTools", "delete_*", { tools: { deny: ["delete_*"] } }],
    ["rateLimit", "5/s", { limits: [{ ...limit, rate: { count: 5, periodMs: 1_000 } }] }],
    ["maxConcurrency", "2", { limits: [{ ...limit, maxConcurrency: 2 }] }],
    ["maxResponseBytes", "1Ki", { sizes: { maxResponseBytes: 1024, perTool: [] } }],
  ] as const)("%s %j is a layer of its own", (name, text, expected) => {
    expect(parseQuickAnnotation(name, text)).toEqual({
      ok: true,
      value: { ...openDocument, onlyNarrows: true, ...expected },
    });
  });

  it.each([
    ["allowTools", "a,,b"],
    ["denyTools", "two words"],
    ["rateLimit", "fast"],
    ["maxConcurrency", "10001"],
    ["maxResponseBytes", "0"],
  ] as const)("%s %j is refused as admission refuses it", (name, text) => {
    const read = parseQuickAnnotation(name, text);
    expect(read.ok).toBe(false);
    expect(read).toEqual(keys[name].parse(text));
  });
});
