import { expect, it } from "vitest";
import { spellToolUris, spellUris } from "./spell-uris.ts";

const spell = (uri: string): string => (uri === "a:b" ? "outrigger:n/s/a:b" : uri);
const spelled = "outrigger:n/s/a:b";

it("spells links and embedded resources of tools and prompts, and contents of resources", () => {
  const blocks = (uri: string) => [
    { type: "text", text: "a:b" },
    { type: "resource_link", uri, x: 1 },
    { type: "resource", resource: { uri, text: "t" } },
  ];
  expect(spellUris({ content: blocks("a:b"), y: 1 }, spell)).toEqual({ content: blocks(spelled), y: 1 });
  const messages = (uri: string) => blocks(uri).map((content) => ({ role: "user", content }));
  expect(spellUris({ messages: messages("a:b") }, spell)).toEqual({ messages: messages(spelled) });
  expect(spellUris({ contents: [{ uri: "a:b" }] }, spell)).toEqual({ contents: [{ uri: spelled }] });
});

it("gives the same object back where nothing changes, whatever its form", () => {
  for (const result of [
    { content: "x" },
    { content: [null, 7, { type: "resource" }] },
    { messages: [{ content: [] }] },
  ]) {
    expect(spellUris(result, spell)).toBe(result);
  }
  const tool = { name: "t", _meta: { ui: { resourceUri: "other:uri" } } };
  expect(spellToolUris(tool, spell)).toBe(tool);
});

it("spells the resource that draws a tool", () => {
  const tool = { name: "t", _meta: { v: 1, ui: { resourceUri: "a:b", z: 1 } } };
  expect(spellToolUris(tool, spell)).toEqual({ name: "t", _meta: { v: 1, ui: { resourceUri: spelled, z: 1 } } });
});
