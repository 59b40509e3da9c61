import fc from "fast-check";
import { expect, it } from "vitest";
import type { ToolEntry } from "../catalog/entry.ts";
import { applyRule, mergeArguments } from "./tool-rule.ts";

const inputSchema = {
  type: "object",
  properties: { repo: { type: "string" }, text: { type: "string" } },
  required: ["repo", "text"],
  additionalProperties: false,
};
const tool: ToolEntry = {
  ...{ publicName: "git__commit", namespace: "tools", server: "git", group: "default", name: "commit" },
  definition: { name: "commit", description: "Commits.", inputSchema, annotations: { readOnlyHint: false } },
};
const fixed = { tool: "git__commit", arguments: { repo: "acme/app" } };

it("F-103 takes fixed arguments out of the schema, and leaves everything else as it is", () => {
  const shown = applyRule(tool, { ...fixed, name: "save", description: "Saves." });
  expect(shown).toMatchObject({ publicName: "save", name: "commit", reshaped: { from: tool } });
  expect(shown.definition).toEqual({
    name: "save",
    description: "Saves.",
    inputSchema: { ...inputSchema, properties: { text: { type: "string" } }, required: ["text"] },
    annotations: { readOnlyHint: false },
  });
  expect(applyRule(tool, { tool: "git__commit" }).definition).toEqual(tool.definition);
});

it("F-103 takes schemas of any form", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (schema) => {
      const odd = { ...tool, definition: { ...tool.definition, inputSchema: schema } };
      expect(() => applyRule(odd, fixed)).not.toThrow();
    }),
  );
});

it("F-103 sets fixed arguments on each call, and lets no caller give them", () => {
  const shown = applyRule(tool, fixed);
  expect(mergeArguments(shown, { text: "x" })).toEqual({ ok: true, value: { text: "x", repo: "acme/app" } });
  expect(mergeArguments(shown, undefined)).toEqual({ ok: true, value: { repo: "acme/app" } });
  expect(mergeArguments(shown, { repo: "acme/app" })).toEqual({
    ok: false,
    field: "repo",
    expected: expect.any(String) as string,
  });
  expect(mergeArguments(shown, { repo: null })).toEqual({
    ok: false,
    field: "repo",
    expected: expect.any(String) as string,
  });
  for (const odd of [null, [], "x", 1]) expect(mergeArguments(shown, odd)).toMatchObject({ field: "arguments" });
  expect(mergeArguments(tool, { repo: "x" })).toEqual({ ok: true, value: { repo: "x" } });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (values) => {
      const merged = mergeArguments(shown, values);
      expect(merged.ok).toBe(!Object.hasOwn(values, "repo"));
      if (merged.ok) expect(merged.value).toEqual({ ...values, repo: "acme/app" });
    }),
  );
});
