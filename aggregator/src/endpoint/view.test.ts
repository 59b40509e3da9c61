import { expect, it } from "vitest";
import type { ToolDefinition } from "../catalog/entry.ts";
import { emptyCatalogue, mergeCatalogue, type CatalogueSnapshot } from "../catalog/merge.ts";
import type { Exposure } from "../plan/exposure.ts";
import { emptySnapshot, followCatalogue } from "../search/snapshot.ts";
import { createDecision } from "./decide.ts";
import { createView } from "./view.ts";

/** A catalogue that grows, with a clock. */
function createStage(given: Partial<Exposure>, scope: { group?: string } = {}) {
  const exposure: Exposure = { mode: "search", directBelow: 20, pinned: [], ...given };
  let catalogue: CatalogueSnapshot = emptyCatalogue({ qualify: "server", namespace: "tools" });
  let index = emptySnapshot();
  let nowMs = 0;
  let isSettled = true;
  const state = {
    catalogue: () => catalogue,
    index: () => (index = followCatalogue(index, catalogue)),
    isSettled: () => isSettled,
  };
  const decision = createDecision(scope);
  const view = createView({ state, exposure, decision, nowMs: () => nowMs, describeEveryMs: 600_000 });
  return {
    view,
    list: (server: string, tools: readonly ToolDefinition[], group = "default") => {
      const digest = JSON.stringify(tools);
      catalogue = mergeCatalogue(catalogue, {
        kind: "listed",
        replica: { id: server, createdAtMs: 0 },
        catalogue: { namespace: "tools", server, group, digest, state: "Ready", tools },
      });
    },
    wait: (ms: number) => void (nowMs += ms),
    settle: (value: boolean) => void (isSettled = value),
    names: () => view.listTools("legacy").map((tool) => tool["name"]),
    text: () => String(view.listTools("legacy").find((tool) => tool["name"] === "find_tool")?.["description"]),
  };
}

const tool = (name: string, rest: object = {}): ToolDefinition => ({ name, ...rest });
const own = ["call_tool", "describe_tool", "find_tool", "list_servers"];

it("changes the text of find_tool freely while servers are first heard, then at most every ten minutes", () => {
  const stage = createStage({});
  stage.settle(false);
  stage.list("a", [tool("one")]);
  expect([stage.view.refresh(), stage.text()]).toEqual([true, expect.stringContaining("1 tool of 1 server")]);
  stage.list("b", [tool("two")]);
  stage.settle(true);
  expect([stage.view.refresh(), stage.text()]).toEqual([true, expect.stringContaining("2 tools of 2 servers")]);

  stage.list("c", [tool("three")]);
  expect([stage.view.refresh(), stage.text()]).toEqual([false, expect.stringContaining("2 tools of 2 servers")]);
  expect(stage.view.heldBackMs()).toBe(600_000);
  stage.wait(599_999);
  expect(stage.view.refresh()).toBe(false);
  stage.wait(1);
  expect([stage.view.refresh(), stage.text()]).toEqual([true, expect.stringContaining("3 tools of 3 servers")]);
  expect(stage.view.heldBackMs()).toBeUndefined();
});

it("tells of a text that a reader saw first", () => {
  const stage = createStage({});
  stage.list("a", [tool("one")]);
  expect(stage.text()).toContain("1 tool of 1 server");
  expect([stage.view.refresh(), stage.view.refresh()]).toEqual([true, false]);
});

it("in direct mode lists what is in the group, in order of public names, and tells of real changes only", () => {
  const stage = createStage({ mode: "direct" }, { group: "code" });
  stage.list("b", [tool("y"), tool("x")], "code");
  stage.list("a", [tool("z")], "code");
  stage.list("c", [tool("hidden")]);
  expect([stage.view.refresh(), stage.names()]).toEqual([true, ["a__z", "b__x", "b__y"]]);
  stage.list("c", [tool("hidden"), tool("also_hidden")]);
  stage.list("a", [tool("z")], "code");
  expect(stage.view.refresh()).toBe(false);
  stage.list("a", [tool("z", { description: "new" })], "code");
  expect(stage.view.refresh()).toBe(true);
});

it("F-099 lists pinned tools beside search, in order of names, and tells where one of them changes", () => {
  const stage = createStage({ mode: "hybrid", pinned: ["b__x", "*__status"] });
  stage.list("b", [tool("x"), tool("y")]);
  stage.list("a", [tool("status")]);
  stage.view.refresh();
  expect(stage.names()).toEqual(["a__status", "b__x", ...own].sort());
  stage.list("b", [tool("x"), tool("y", { description: "new" })]);
  expect(stage.view.refresh()).toBe(false);
  stage.list("b", [tool("x", { description: "new" })]);
  expect(stage.view.refresh()).toBe(true);
});

it("F-099 lists fewer than so many tools directly, and more by search, with what is pinned beside it", () => {
  const stage = createStage({ mode: "auto", directBelow: 3, pinned: ["a__one"] });
  stage.list("a", [tool("one"), tool("two")]);
  expect(stage.names()).toEqual(["a__one", "a__two"]);
  stage.list("a", [tool("one"), tool("two"), tool("three")]);
  expect([stage.view.refresh(), stage.names()]).toEqual([true, ["a__one", ...own]]);
  expect(stage.view.hasSearch).toBe(true);
});

it("F-099 goes from one list to the other at most every ten minutes, however often the number crosses the bound", () => {
  const stage = createStage({ mode: "auto", directBelow: 2 });
  stage.list("a", [tool("one")]);
  stage.view.refresh();
  const crossings = Array.from({ length: 60 }, (_, minute) => {
    stage.list("a", minute % 2 === 0 ? [tool("one"), tool("two")] : [tool("one")]);
    const before = stage.names().length === 4;
    stage.wait(60_000);
    stage.view.refresh();
    return before !== (stage.names().length === 4);
  });
  expect(crossings.filter(Boolean).length).toBeLessThanOrEqual(6);
  expect(crossings.filter(Boolean).length).toBeGreaterThan(0);
});

it("keeps definitions as they are, but promises legacy clients no output that they can't read", () => {
  const stage = createStage({ mode: "direct" });
  const inputSchema = { type: "object" };
  const odd = tool("odd", { title: "T", x: { y: 1 }, inputSchema, outputSchema: { type: "array" } });
  const plain = tool("plain", { inputSchema, outputSchema: { type: "object" } });
  stage.list("a", [odd, plain]);
  const named = [
    { ...odd, name: "a__odd" },
    { ...plain, name: "a__plain" },
  ];
  expect(stage.view.listTools("modern")).toEqual(named);
  expect(stage.view.listTools("legacy")).toEqual([{ name: "a__odd", title: "T", x: { y: 1 }, inputSchema }, named[1]]);
});
