import { expect, it } from "vitest";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import { parseSearchRequest } from "./request.ts";
import { search } from "./search.ts";
import { emptySnapshot, followCatalogue } from "./snapshot.ts";
import { readTags } from "./tags.ts";

it.each([
  [{ _meta: { fastmcp: { tags: ["Files", "read"] } } }, ["files", "read"]],
  [{ _meta: { _fastmcp: { tags: ["old"] } } }, ["old"]],
  [{ _meta: { "outrigger.dev/tags": ["Own"] }, tags: ["own", "plain"] }, ["own", "plain"]],
  [{ tags: [1, null, "", " x "] }, ["x"]],
  [{ tags: "text", _meta: { fastmcp: ["tags"] } }, []],
  [{}, []],
])("reads the tags of %j", (definition, tags) => {
  expect([...readTags({ name: "t", ...definition })].sort()).toEqual(tags);
});

it("a search for a tag finds only tools that have it", () => {
  const catalogue = mergeAll([
    listed("files", [
      { name: "read_file", description: "Read a file", _meta: { fastmcp: { tags: ["Stable"] } } },
      { name: "read_link", description: "Read a link to a file", tags: ["beta"] },
      { name: "read_disk", description: "Read a disk file" },
    ]),
  ]);
  const index = followCatalogue(emptySnapshot(), catalogue);
  const find = (tag: string): string[] => {
    const parsed = parseSearchRequest({ description: "read a file", tag });
    return parsed.ok ? search(index, parsed.value, () => true).tools.map(({ name }) => name) : [parsed.expected];
  };
  expect(find("STABLE")).toEqual(["tools__files__read_file"]);
  expect(find("beta")).toEqual(["tools__files__read_link"]);
  expect(find("none")).toEqual([]);
});
