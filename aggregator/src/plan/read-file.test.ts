import fc from "fast-check";
import { expect, it } from "vitest";
import { readEndpointFile } from "./read-file.ts";

const read = (value: unknown) => readEndpointFile(JSON.stringify(value));
const problemOf = (value: unknown): string => {
  const file = read(value);
  return file.ok ? "none" : file.problem;
};

it("reads endpoints and groups, with what stands where nothing was said", () => {
  const bug = { tool: "git__create_issue", name: "file_bug", description: " Files a bug. ", arguments: { repo: "a" } };
  const file = read({
    endpoints: { reviews: { description: "For reviewers.", servers: ["tools/*"], groups: ["code"], tools: [bug] } },
    groups: { "tools/code": { include: ["*__get_*"], exposure: { mode: "hybrid", pinned: ["*__get_me"] } } },
  });
  expect(file.ok && file.value.endpoints.get("reviews")).toEqual({
    description: "For reviewers.",
    exposure: { mode: "auto", directBelow: 20, pinned: [] },
    selection: {
      servers: ["tools/*"],
      groups: ["code"],
      include: [],
      exclude: [],
      named: new Set(["git__create_issue"]),
    },
    rules: [{ ...bug, description: "Files a bug." }],
  });
  expect(file.ok && file.value.groups.get("tools/code")).toMatchObject({
    exposure: { mode: "hybrid", directBelow: 20, pinned: ["*__get_me"] },
    selection: { include: ["*__get_*"] },
  });
  expect(read({})).toMatchObject({ ok: true });
});

const inOne = (fields: object) => ({ endpoints: { one: { servers: ["*"], ...fields } } });
const tools = (...rules: object[]) => inOne({ tools: rules.map((rule) => ({ tool: "a__b", ...rule })) });

it.each([
  [[], "the whole: expected an object with"],
  [{ endpoint: {} }, "endpoint: expected no such key; known are endpoints, groups"],
  [{ endpoints: [] }, "endpoints: expected an object that maps names"],
  [{ endpoints: { one: 1 } }, "endpoints.one: expected an object"],
  [{ endpoints: { "A b": { servers: ["*"] } } }, "endpoints.A b: expected as name a name of 1-63"],
  [{ endpoints: { one: {} } }, 'endpoints.one: expected at least one of "servers"'],
  [{ endpoints: { one: { exclude: ["a"] } } }, 'endpoints.one: expected at least one of "servers"'],
  [{ groups: { "a/b/c": {} } }, "groups.a/b/c: expected as name that of a group"],
  [{ groups: { code: { servers: [] } } }, "groups.code.servers: expected no such key"],
  [inOne({ server: ["a"] }), "endpoints.one.server: expected no such key"],
  [inOne({ servers: "a" }), "endpoints.one.servers: expected a list"],
  [inOne({ include: ["a b"] }), "endpoints.one.include[0]: expected a name or glob"],
  [inOne({ groups: ["co*"] }), "endpoints.one.groups[0]: expected the name of a group"],
  [inOne({ description: "" }), "endpoints.one.description: expected a text"],
  [inOne({ exposure: "auto" }), "endpoints.one.exposure: expected an object"],
  [inOne({ exposure: { mode: "Auto" } }), "endpoints.one.exposure.mode: expected one of search, direct, hybrid, auto"],
  [inOne({ exposure: { directBelow: 201 } }), "endpoints.one.exposure.directBelow: expected a whole number from 0"],
  [
    inOne({ exposure: { mode: "search", directBelow: 5 } }),
    "exposure.directBelow: expected nothing: it goes with mode auto",
  ],
  [inOne({ exposure: { mode: "hybrid" } }), "mode hybrid needs pinned tools"],
  [inOne({ exposure: { mode: "direct", pinned: ["a"] } }), "pinned tools go with mode hybrid or auto"],
  [inOne({ exposure: { pinned: Array(33).fill("a") } }), "endpoints.one.exposure.pinned: expected at most 32 globs"],
  [inOne({ tools: [{ name: "x" }] }), 'endpoints.one.tools[0]: expected an object with "tool"'],
  [tools({ names: "x" }), "endpoints.one.tools[0].names: expected no such key"],
  [tools({ name: "x y" }), "endpoints.one.tools[0].name: expected 1 to 64 of"],
  [tools({ name: "x".repeat(65) }), "endpoints.one.tools[0].name: expected 1 to 64 of"],
  [tools({ name: "git__push" }), "endpoints.one.tools[0].name: expected a name without __"],
  [
    tools({ name: "find_tool" }),
    "endpoints.one.tools[0].name: expected another name: find_tool is a tool of every endpoint",
  ],
  [tools({ name: "x" }, { name: "x" }), 'endpoints.one.tools[1]: expected another name: "x" is that of a tool above'],
  [tools({}, {}), 'endpoints.one.tools[1]: expected another name: "a__b" is that of a tool above'],
  [tools({ arguments: [1] }), "endpoints.one.tools[0].arguments: expected an object"],
])("F-103 refuses %j and says where and why", (value, problem) => {
  expect(problemOf(value)).toContain(problem);
});

it("tells every problem at once, and what is no JSON", () => {
  expect(problemOf({ endpoints: { one: {}, two: { servers: [1] } } }).split("; ")).toHaveLength(2);
  expect(readEndpointFile("{")).toMatchObject({ ok: false, problem: expect.stringMatching(/^not JSON: /) as string });
});

it("takes any JSON without throwing, and what it takes has no two tools of one name", () => {
  const name = fc.option(fc.constantFrom("x", "y", "call_tool", "a__b"), { nil: undefined });
  const rule = fc.record({ tool: fc.constantFrom("a__b", "c__d"), name }, { requiredKeys: ["tool"] });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        fc.array(rule).map((rules) => inOne({ tools: rules })),
      ),
      (value) => {
        const file = read(value);
        if (!file.ok) return;
        for (const { rules } of file.value.endpoints.values()) {
          const shown = rules.map((each) => each.name ?? each.tool);
          expect(new Set(shown).size).toBe(shown.length);
          expect(rules.every((each) => each.name === undefined || !each.name.includes("__"))).toBe(true);
        }
      },
    ),
  );
});
