import { keys } from "@outrigger/api/keys";
import { describe, expect, it } from "vitest";
import { openDocument, parsePolicyDocument } from "./document.ts";
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
      sizes: { maxRequestBytes: "1Ki", maxResponseBytes: 2048 },
    });
    expect(read).toEqual({
      ok: true,
      document: {
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
        sizes: { maxRequestBytes: 1024, maxResponseBytes: 2048 },
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
      "limits.0.name: a name, so that a refused call can say which limit it met",
      'limits.0.rate: <n>/<s|m|h>, e.g. "60/m"',
      'limits.0: "rate", "maxConcurrency" or both',
      'limits.1: "rate", "maxConcurrency" or both',
      'limits.1.burst: a "rate" beside it',
      "limits.2.maxConcurrency: a whole number from 1 to 1000000",
      'limits.2: "rate", "maxConcurrency" or both',
      'sizes.maxResponseBytes: a size in bytes such as "65536", "256Ki" or "4Mi"',
      'limits.2.name: a name of its own; "a" stands above already',
    ]);
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
    ["maxResponseBytes", "1Ki", { sizes: { maxResponseBytes: 1024 } }],
  ] as const)("%s %j is a layer of its own", (name, text, expected) => {
    expect(parseQuickAnnotation(name, text)).toEqual({ ok: true, value: { ...openDocument, ...expected } });
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
