import fc from "fast-check";
import { expect, it } from "vitest";
import { emptyCatalogue, mergeCatalogue, type CatalogueSnapshot } from "../../catalog/merge.ts";
import { createDecision } from "../decide.ts";
import { resolveTool } from "./resolve.ts";

interface Listed {
  readonly namespace: string;
  readonly server: string;
  readonly group: string;
  readonly tools: readonly string[];
}

function buildCatalogue(listed: readonly Listed[]): CatalogueSnapshot {
  return listed.reduce(
    (catalogue, { namespace, server, group, tools }) =>
      mergeCatalogue(catalogue, {
        kind: "listed",
        replica: { id: `${namespace}/${server}`, createdAtMs: 0 },
        catalogue: {
          namespace,
          server,
          group,
          digest: tools.join(),
          state: "Ready",
          tools: tools.map((name) => ({ name })),
        },
      }),
    emptyCatalogue({ qualify: "namespace" }),
  );
}

const twoNamespaces = buildCatalogue([
  { namespace: "a", server: "git", group: "code", tools: ["search", "commit"] },
  { namespace: "b", server: "git", group: "other", tools: ["search"] },
  { namespace: "b", server: "files", group: "code", tools: ["read"] },
]);
const all = createDecision({});

function nameOf(name: string, server?: string, decision = all): string {
  const resolved = resolveTool(twoNamespaces, decision, { name, server });
  return resolved.ok ? resolved.tool.publicName : resolved.message;
}

it("finds a tool by public name, and by own name inside a server where that is one tool", () => {
  expect(nameOf("b__git__search")).toBe("b__git__search");
  expect(nameOf("commit", "git")).toBe("a__git__commit");
  expect(nameOf("search", "b/git")).toBe("b__git__search");
  expect(nameOf("search", "git")).toBe(
    "Several servers have a tool search. Give its full name, such as: a__git__search, b__git__search",
  );
});

it("gives the same answer for what is hidden and what is absent, and names only what is visible", () => {
  const code = createDecision({ group: "code" });
  const hidden = nameOf("b__git__search", undefined, code);
  const absent = nameOf("b__git__searcX", undefined, code).replace("searcX", "search");
  expect(hidden).toBe(absent);
  expect(hidden).not.toMatch(/are:.*b__git__search/);
  expect(nameOf("search", "git", code)).toBe("a__git__search");
});

it("tells those who run it whether a tool is hidden or absent", () => {
  const code = createDecision({ group: "code" });
  const reasonOf = (name: string, server?: string): string => {
    const resolved = resolveTool(twoNamespaces, code, { name, server });
    return resolved.ok ? "found" : resolved.reason;
  };
  expect([reasonOf("b__git__search"), reasonOf("search", "b/git")]).toEqual(["ToolDenied", "ToolDenied"]);
  expect([reasonOf("nothing"), reasonOf("nothing", "git")]).toEqual(["ToolUnknown", "ToolUnknown"]);
});

it("shows an unknown name without control characters and not at any length", () => {
  expect(nameOf(`x\u0000\u202e${"y".repeat(1_000)}`)).toMatch(/^Unknown tool: x\?\?y{125}/);
});

it("resolves every visible tool to itself, and nothing that the decision hides", () => {
  const names = fc.stringMatching(/^[a-z_]{1,12}$/);
  const listed = fc.array(
    fc.record({
      namespace: fc.constantFrom("a", "b"),
      server: names,
      group: fc.constantFrom("g", "h"),
      tools: fc.uniqueArray(names, { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(listed, (servers) => {
      const catalogue = buildCatalogue(servers);
      const decision = createDecision({ group: "g" });
      for (const tool of catalogue.tools) {
        const resolved = resolveTool(catalogue, decision, { name: tool.publicName });
        expect(resolved.ok ? resolved.tool : undefined).toBe(decision.mayCall(tool) ? tool : undefined);
      }
    }),
  );
});
