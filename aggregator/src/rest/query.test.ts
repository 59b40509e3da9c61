import { expect, it } from "vitest";
import { readToolsQuery } from "./query.ts";

it("reads a search with q, and a list without", () => {
  expect(readToolsQuery({ q: "open a pull request", limit: "3", server: "git", read_only: "true" })).toMatchObject({
    kind: "search",
    request: { description: "open a pull request", limit: 3, filters: { serverId: "git", readOnly: true } },
  });
  expect(readToolsQuery({ q: "x", tag: "Files", max_tokens: "400" })).toMatchObject({
    request: { filters: { tag: "files" }, maxTokens: 400 },
  });
  expect(readToolsQuery({ q: "x" })).toMatchObject({ explain: undefined });
  expect(readToolsQuery({ q: "x", explain: "true" })).toMatchObject({ explain: { tool: undefined } });
  expect(readToolsQuery({ q: "x", explain: "true", explain_tool: "a__b" })).toMatchObject({
    explain: { tool: "a__b" },
  });
  expect(readToolsQuery({})).toMatchObject({ kind: "list", limit: 100, cursor: undefined });
});

it("filters a list by server in both forms, group and namespace", () => {
  const tool = { namespace: "a", server: "git", group: "code" };
  const matches = (query: Record<string, string>): boolean => {
    const read = readToolsQuery(query);
    // The filter looks at these three members only.
    return read.kind === "list" && read.matches(tool as Parameters<typeof read.matches>[0]);
  };
  for (const query of [{}, { server: "git" }, { server: "a/git" }, { group: "code", namespace: "a" }]) {
    expect(matches(query), JSON.stringify(query)).toBe(true);
  }
  for (const query of [{ server: "b/git" }, { group: "x" }, { namespace: "b" }, { server: "git", group: "x" }]) {
    expect(matches(query), JSON.stringify(query)).toBe(false);
  }
});

it("refuses parameters that are misspelt, repeated, out of range or without effect", () => {
  for (const query of [
    { qq: "x" },
    { q: ["a", "b"] },
    { limit: "0" },
    { limit: "501" },
    { q: "x", limit: "51" },
    { q: "x", read_only: "yes" },
    { q: "x", cursor: "c" },
    { q: "x", max_tokens: "49" },
    { q: "x", max_tokens: "many" },
    { tag: "files" },
    { max_tokens: "100" },
    { detail: "short" },
    { q: "x", explain: "yes" },
    { q: "x", explain_tool: "a__b" },
    { explain: "true" },
  ]) {
    expect(readToolsQuery(query).kind, JSON.stringify(query)).toBe("refused");
  }
});
