import fc from "fast-check";
import { expect, it } from "vitest";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import { findByPublicName } from "../catalog/find.ts";
import { createLens, type Reshape } from "./lens.ts";
import { selectAll, type Selection } from "./selection.ts";
import { mergeArguments, type ToolRule } from "./tool-rule.ts";

const select = (selection: Partial<Selection>, rules: readonly ToolRule[] = []): Reshape => ({
  kind: "selection",
  selection: { ...selectAll, named: new Set(rules.map(({ tool }) => tool)), ...selection },
  rules,
});
const catalogue = mergeAll([
  listed("git", ["commit", "search"], { group: "code" }),
  listed("files", ["read", "search"]),
  listed("git", ["clone"], { namespace: "other" }),
]);
const namesIn = (reshape: Reshape, from = catalogue): string[] =>
  createLens(reshape)(from).tools.map(({ publicName }) => publicName);

it("F-102 shows one server under its own names, and nothing where it is not there", () => {
  expect(namesIn({ kind: "server", namespace: "tools", server: "git" })).toEqual(["commit", "search"]);
  expect(namesIn({ kind: "server", namespace: "tools", server: "gone" })).toEqual([]);
});

it.each([
  [
    "servers by name and by namespace",
    select({ servers: ["other/*", "files"] }),
    ["other__git__clone", "tools__files__read", "tools__files__search"],
  ],
  ["groups", select({ groups: ["code"] }), ["tools__git__commit", "tools__git__search"]],
  ["groups of one namespace", select({ groups: ["other/default"] }), ["other__git__clone"]],
  ["globs of names", select({ include: ["*__search"] }), ["tools__files__search", "tools__git__search"]],
  ["globs within servers", select({ servers: ["git"], include: ["*__s*"] }), ["tools__git__search"]],
  ["all but some", select({ servers: ["tools/git"], exclude: ["*__commit"] }), ["tools__git__search"]],
  ["named tools alone", select({}, [{ tool: "tools__git__commit" }]), ["tools__git__commit"]],
  [
    "named tools beside servers",
    select({ servers: ["files"] }, [{ tool: "tools__git__commit", name: "save" }]),
    ["save", "tools__files__read", "tools__files__search"],
  ],
])("F-103 selects %s", (_what, reshape, names) => {
  expect(namesIn(reshape)).toEqual(names);
});

it("F-103 shows one tool under several names, each with arguments of its own", () => {
  const rules = [
    { tool: "tools__git__commit", name: "commit_a", arguments: { repo: "a" } },
    { tool: "tools__git__commit", name: "commit_b", arguments: { repo: "b" } },
  ];
  const seen = createLens(select({}, rules))(catalogue);
  const sent = ["commit_a", "commit_b"].map((name) => {
    const tool = findByPublicName(seen, name);
    return tool && [tool.reshaped?.from.publicName, mergeArguments(tool, { text: "x" })];
  });
  expect(sent).toEqual([
    ["tools__git__commit", { ok: true, value: { text: "x", repo: "a" } }],
    ["tools__git__commit", { ok: true, value: { text: "x", repo: "b" } }],
  ]);
});

it("keeps the identity of what did not change, so that nothing is indexed or told again", () => {
  const lens = createLens(select({ servers: ["*"] }, [{ tool: "tools__git__commit", name: "save" }]));
  const before = lens(catalogue);
  expect(lens(catalogue)).toBe(before);
  const after = lens(mergeAll([listed("new", ["x"])], catalogue));
  expect(after.servers.get("tools/git")).toBe(before.servers.get("tools/git"));
  expect(after.tools.filter((tool) => before.tools.includes(tool))).toHaveLength(before.tools.length);
});

it("F-103 leads every name that it shows back to one tool, and shows none that the catalogue lacks", () => {
  const name = fc.constantFrom("commit", "search", "read", "x__y", "a b");
  const server = fc.record({
    namespace: fc.constantFrom("tools", "other"),
    server: fc.constantFrom("git", "files", "x__y"),
    names: fc.uniqueArray(name, { minLength: 1 }),
  });
  const glob = fc.constantFrom("*", "*__search", "tools__*", "other__git__read", "none");
  fc.assert(
    fc.property(fc.array(server), fc.array(glob), fc.array(glob), (servers, include, exclude) => {
      const whole = mergeAll(servers.map((each) => listed(each.server, each.names, { namespace: each.namespace })));
      const rules = whole.tools.slice(0, 3).map(({ publicName }, at) => ({ tool: publicName, name: `t${at}` }));
      const { tools } = createLens(select({ include, exclude }, rules))(whole);
      expect(new Set(tools.map(({ publicName }) => publicName)).size).toBe(tools.length);
      for (const tool of tools) expect(whole.tools).toContain(tool.reshaped?.from ?? tool);
    }),
  );
});
