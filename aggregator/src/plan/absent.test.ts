import fc from "fast-check";
import { expect, it } from "vitest";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import { listAbsent } from "./absent.ts";
import type { EndpointFile } from "./plan.ts";
import { readEndpointFile } from "./read-file.ts";

const catalogue = mergeAll([
  listed("git", ["commit", "log"], { group: "code" }),
  listed("files", ["read_file"], { group: "data" }),
]);

function read(file: object): EndpointFile {
  const parsed = readEndpointFile(JSON.stringify(file));
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

it("F-103 names what an endpoint file asks for and is not there, with its place and what is nearest", () => {
  const file = read({
    endpoints: {
      desk: {
        ...{ servers: ["tools/git", "tools/gti"], groups: ["code", "sales"], include: ["*__log", "*__drop_*"] },
        tools: [{ tool: "tools__git__commit" }, { tool: "tools__git__comit", name: "save" }],
      },
    },
    groups: { code: { include: ["*__push"] }, ops: {} },
  });
  expect(listAbsent(file, catalogue)).toEqual([
    "endpoints.desk.servers: no server fits tools/gti; the nearest is tools/git",
    "endpoints.desk.groups: no server is of group sales",
    "endpoints.desk.include: no tool fits *__drop_*",
    "endpoints.desk.tools: there is no tool tools__git__comit; the nearest is tools__git__commit",
    "groups.code.include: no tool fits *__push",
    "groups.ops: no server is of this group",
  ]);
});

it("names nothing of a file whose names are all there, and few of very many that are not", () => {
  const names = fc.subarray(["tools__git__commit", "tools__git__log", "tools__files__read_file"], { minLength: 1 });
  fc.assert(
    fc.property(names, (tools) => {
      expect(listAbsent(read({ endpoints: { desk: { tools: tools.map((tool) => ({ tool })) } } }), catalogue)).toEqual(
        [],
      );
    }),
  );
  const many = Array.from({ length: 100 }, (_, at) => ({ tool: `none__${at}` }));
  const told = listAbsent(read({ endpoints: { desk: { tools: many } } }), catalogue);
  expect([told.length, told.at(-1)]).toEqual([21, "and 80 more"]);
});
