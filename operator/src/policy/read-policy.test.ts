import { expect, it } from "vitest";
import { layersOf, readPolicy, serversOf } from "./read-policy.ts";

const text = `
defaultAction: Allow
limits: [{ name: all, rate: 60/m }]
namespaces:
  tools: { tools: { deny: [drop_*] } }
servers:
  tools/search: { tools: { allow: [find] } }
  tools/b: {}
  other/search: {}
`;

it("reads one document for all, and those that narrow it for a namespace and a server", () => {
  const read = readPolicy(text);
  if (!read.ok) throw new Error(read.problems.join());
  const installation = { defaultAction: "Allow", limits: [{ name: "all", rate: "60/m" }] };
  expect(layersOf(read.policy, "elsewhere")).toEqual([installation]);
  expect(layersOf(read.policy, "tools", "search")).toEqual([
    installation,
    { tools: { deny: ["drop_*"] } },
    { tools: { allow: ["find"] } },
  ]);
  expect(serversOf(read.policy, "tools")).toEqual(["b", "search"]);
});

it("takes an empty document for one that allows everything, and an empty file for none", () => {
  expect(readPolicy("{}")).toMatchObject({ ok: true, policy: { installation: {} } });
  for (const empty of ["", "# nothing\n", "null", "[]", "word"]) expect(readPolicy(empty)).toMatchObject({ ok: false });
});

it("names every problem with the place where it is", () => {
  const read = readPolicy(
    "defaultAction: Maybe\nnamespaces: { a/b: {}, tools: { tool: 1 } }\nservers: { search: {}, n/s: 7 }",
  );
  expect(read).toMatchObject({ ok: false });
  const problems = read.ok ? [] : read.problems;
  expect(problems.map((problem) => problem.split(":")[0])).toEqual([
    "defaultAction",
    "namespaces.a/b",
    "namespaces.tools.tool",
    "servers.search",
    "servers.n/s",
  ]);
  expect(readPolicy("a: [")).toMatchObject({ ok: false });
  expect(readPolicy("namespaces: []")).toMatchObject({
    ok: false,
    problems: ["namespaces: expected an object of documents"],
  });
});
