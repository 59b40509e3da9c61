import { expect, it } from "vitest";
import type { ToolDefinition } from "../catalog/entry.ts";
import { emptyCatalogue, mergeCatalogue, type CatalogueSnapshot } from "../catalog/merge.ts";
import { emptySnapshot, followCatalogue } from "../search/snapshot.ts";
import { createView, type Mode } from "./view.ts";

/** A catalogue that grows, with a clock. */
function createStage(mode: Mode, scope: { group?: string } = {}) {
  let catalogue: CatalogueSnapshot = emptyCatalogue({ qualify: "server", namespace: "tools" });
  let index = emptySnapshot();
  let nowMs = 0;
  let isSettled = true;
  const state = {
    catalogue: () => catalogue,
    index: () => (index = followCatalogue(index, catalogue)),
    isSettled: () => isSettled,
  };
  const view = createView({ state, mode, scope, nowMs: () => nowMs, describeEveryMs: 600_000 });
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

it("changes the text of find_tool freely while servers are first heard, then at most every ten minutes", () => {
  const stage = createStage("search");
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
  const stage = createStage("search");
  stage.list("a", [tool("one")]);
  expect(stage.text()).toContain("1 tool of 1 server");
  expect([stage.view.refresh(), stage.view.refresh()]).toEqual([true, false]);
});

it("in direct mode lists what is in the group, in order of public names, and tells of real changes only", () => {
  const stage = createStage("direct", { group: "code" });
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

it("keeps definitions as they are, but promises legacy clients no output that they can't read", () => {
  const stage = createStage("direct");
  const odd = tool("odd", { title: "T", x: { y: 1 }, outputSchema: { type: "array" } });
  const plain = tool("plain", { outputSchema: { type: "object" } });
  stage.list("a", [odd, plain]);
  const named = [
    { ...odd, name: "a__odd" },
    { ...plain, name: "a__plain" },
  ];
  expect(stage.view.listTools("modern")).toEqual(named);
  expect(stage.view.listTools("legacy")).toEqual([{ name: "a__odd", title: "T", x: { y: 1 } }, named[1]]);
});
