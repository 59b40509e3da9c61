import {
  compilePolicy,
  judge,
  parsePolicyDocument,
  parseQuickAnnotation,
  type CompiledPolicy,
} from "@outrigger/policy";
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

it("takes every control of a document, and signs it as it was written", () => {
  const controls = {
    mode: "Audit",
    access: "ReadOnly",
    rules: [{ name: "r", action: "Deny", tools: ["*"], when: 'args.path == "/"' }],
    sizes: { onOversize: "Truncate" },
    arguments: { schema: "Enforce", deny: ["AWSKey"] },
    results: { redact: ["/user/email", "JWT"] },
    pins: { mode: "Enforce", approved: [{ server: "s", tool: "t", digest: `sha256:${"0".repeat(64)}` }] },
    audit: { arguments: "Hash", results: "Omit" },
  };
  const read = readPolicy(JSON.stringify({ namespaces: { tools: controls } }));
  expect(read.ok && layersOf(read.policy, "tools")).toEqual([{}, controls]);
});

it("refuses a condition that no sidecar could use, so that it is never signed", () => {
  const rules = [{ name: "r", action: "Deny", when: "args.path ==" }];
  const read = readPolicy(JSON.stringify({ servers: { "tools/search": { rules } } }));
  expect(read).toMatchObject({ ok: false });
  expect(read.ok ? "" : read.problems.join()).toMatch(
    /^servers\.tools\/search\.rules\.0\.when: expected a CEL expression/,
  );
});

/** What a server's sidecar compiles: the layers that are signed for it, and those of its pod's annotations. */
function compileFor(
  policy: object,
  pod: { readonly allowTools?: string; readonly denyTools?: string } = {},
): CompiledPolicy {
  const read = readPolicy(JSON.stringify(policy));
  if (!read.ok) throw new Error(read.problems.join());
  const signed = layersOf(read.policy, "tools", "search").map((layer) => parsePolicyDocument(layer));
  const annotations = (["allowTools", "denyTools"] as const).flatMap((name) => {
    const text = pod[name];
    return text === undefined ? [] : [parseQuickAnnotation(name, text)];
  });
  const documents = signed.flatMap((each) => (each.ok ? [each.document] : []));
  return compilePolicy([...documents, ...annotations.flatMap((each) => (each.ok ? [each.value] : []))]);
}

const callable = (policy: CompiledPolicy): string[] =>
  ["read_a", "read_secret", "write_a"].filter((name) => judge(policy, { kind: "tool", name }).action === "allow");

const places = ["cluster", "namespace", "server", "pod"] as const;

it.each(places.flatMap((allow) => places.map((deny) => [allow, deny] as const)))(
  "F-124 tools are allowed by patterns on the %s and denied by patterns on the %s, and a denial always wins",
  (allow, deny) => {
    const tools = (place: (typeof places)[number]): object => ({
      tools: {
        ...(place === allow ? { allow: ["read_*"] } : {}),
        deny: place === deny ? ["*_secret"] : [],
      },
    });
    const policy = {
      ...tools("cluster"),
      namespaces: { tools: tools("namespace") },
      servers: { "tools/search": tools("server") },
    };
    const pod = {
      ...(allow === "pod" ? { allowTools: "read_*" } : {}),
      ...(deny === "pod" ? { denyTools: "*_secret" } : {}),
    };
    expect(callable(compileFor(policy, pod))).toEqual(["read_a"]);
  },
);

it("F-125 a default, per installation or namespace, decides whether servers without a policy are open or closed", () => {
  const all = ["read_a", "read_secret", "write_a"];
  expect(callable(compileFor({ defaultAction: "Allow" }))).toEqual(all);
  expect(callable(compileFor({ defaultAction: "Deny" }))).toEqual([]);
  expect(callable(compileFor({ namespaces: { tools: { defaultAction: "Deny" } } }))).toEqual([]);
  expect(callable(compileFor({ namespaces: { other: { defaultAction: "Deny" } } }))).toEqual(all);
  // A namespace can't open what the installation closes; a document that names tools can, and an annotation of a pod can't.
  expect(callable(compileFor({ defaultAction: "Deny", namespaces: { tools: { defaultAction: "Allow" } } }))).toEqual(
    [],
  );
  expect(
    callable(compileFor({ defaultAction: "Deny", namespaces: { tools: { tools: { allow: ["read_*"] } } } })),
  ).toEqual(["read_a", "read_secret"]);
  expect(callable(compileFor({ defaultAction: "Deny" }, { allowTools: "*" }))).toEqual([]);
});
