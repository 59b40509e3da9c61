import type { QuickKey } from "@outrigger/api/bundle";
import fc from "fast-check";
import { expect, it } from "vitest";
import { admit, createLimitState } from "./admit.ts";
import { compilePolicy } from "./compile.ts";
import { openDocument, type PolicyDocument } from "./document/document.ts";
import { isVisible } from "./judge.ts";
import { parseQuickAnnotation } from "./quick.ts";

const names = fc.array(fc.constantFrom("a", "b", "a*", "*"), { maxLength: 2 });
const lists = fc.record({ deny: names, allow: names }, { requiredKeys: ["deny"] });
const layer: fc.Arbitrary<PolicyDocument> = fc
  .record({
    defaultAction: fc.constantFrom("Allow" as const, "Deny" as const),
    tools: lists,
    rules: fc.constantFrom(
      [],
      [{ name: "r", action: "Allow" as const, subjects: [], tools: ["a"], methods: [], hints: {} }],
    ),
    sizes: fc.constantFrom({ perTool: [] }, { maxResponseBytes: 10, perTool: [] }),
    limits: fc.constantFrom([], [{ name: "l", tools: ["*"], methods: ["*"], per: [], maxConcurrency: 1 }]),
  })
  .map((part) => ({ ...openDocument, ...part }));
const annotation: fc.Arbitrary<readonly [QuickKey, string]> = fc.constantFrom(
  ["allowTools", "*"] as const,
  ["allowTools", "a,b"] as const,
  ["denyTools", "b"] as const,
  ["rateLimit", "1/h"] as const,
  ["maxConcurrency", "10000"] as const,
  ["maxResponseBytes", "1Gi"] as const,
  ["maxResponseBytes", "1"] as const,
);

it("F-140 annotations on a pod can tighten the policy that applies to it and never loosen it, whatever they and the policy say", () => {
  const seen = { tightened: false };
  fc.assert(
    fc.property(fc.array(layer, { maxLength: 3 }), fc.array(annotation, { maxLength: 3 }), (layers, annotations) => {
      const quick = annotations.map(([name, text]) => {
        const read = parseQuickAnnotation(name, text);
        if (!read.ok) throw new Error(read.expected);
        return read.value;
      });
      const before = compilePolicy(layers);
      const after = compilePolicy([...layers, ...quick]);
      expect(after.maxResponseBytes).toBeLessThanOrEqual(before.maxResponseBytes);
      expect(after.maxRequestBytes).toBeLessThanOrEqual(before.maxRequestBytes);
      for (const name of ["a", "b", "ab"]) {
        const states = [createLimitState(), createLimitState()] as const;
        const subject = { kind: "tool" as const, name };
        const call = { method: "tools/call", subject, caller: "c", nowMs: 0 };
        // Twice: the second call meets what the first one used up.
        for (let turn = 0; turn < 2; turn++) {
          const was = admit(before, states[0], call).action;
          const is = admit(after, states[1], call).action;
          if (is === "allow") expect(was).toBe("allow");
          seen.tightened ||= was === "allow" && is !== "allow";
        }
        if (isVisible(after, subject)) expect(isVisible(before, subject)).toBe(true);
      }
    }),
    { numRuns: 3_000 },
  );
  expect(seen.tightened).toBe(true);
});
