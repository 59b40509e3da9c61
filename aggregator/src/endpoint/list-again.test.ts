import { expect, it } from "vitest";
import { anonymous } from "../auth/principal.ts";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import { createCallerViews } from "../visibility/caller-views.ts";
import { noGuards } from "../visibility/guards.ts";
import { createDecision } from "./decide.ts";
import { createListsAgain, type ListRequest } from "./list-again.ts";
import { readFreshness, takeToolPage } from "./list-tools.ts";
import { createToolPages } from "./tool-pages.ts";
import { createView } from "./view.ts";

const headers = { "mcp-protocol-version": "2026-07-28", "content-type": "application/json", authorization: "secret" };
const ask = (value: object, rest: object = {}): ListRequest => ({
  principal: anonymous,
  headers: { ...headers, ...rest },
  value: { jsonrpc: "2.0", method: "tools/list", ...value },
});

/** An endpoint whose catalogue a test replaces, and what the SDK would answer there. */
function setUp() {
  let catalogue = mergeAll([listed("a", ["one", "two"])]);
  let isSettled = true;
  const state = { catalogue: () => catalogue, isSettled: () => isSettled };
  const view = createCallerViews({
    decision: createDecision({}),
    guards: () => noGuards,
    factsOf: () => undefined,
    createView: (decision) =>
      createView({
        ...{ decision, nowMs: () => 0, exposure: { mode: "direct", pinned: [], directBelow: 20 } },
        state: { ...state, index: () => expect.unreachable("direct lists need no index") },
      }),
  });
  const parts = { state, view, pages: createToolPages() };
  const again = createListsAgain(parts);
  const answer = (request: ListRequest): void => {
    const page = takeToolPage(parts, { principal: anonymous, era: "modern" });
    if (!page.ok) throw new Error("there is a first page");
    const result = { tools: page.items, resultType: "complete", ...readFreshness(parts, anonymous) };
    again.keep(request, { answer: { jsonrpc: "2.0", id: 1, result }, headers: { "content-type": "application/json" } });
  };
  return {
    ...{ again, answer },
    replace: (tools: readonly string[]) => (catalogue = mergeAll([listed("a", tools)])),
    unsettle: () => (isSettled = false),
  };
}

it("gives the answer again under another id, and not to a request that differs in anything else that is read", () => {
  const { again, answer } = setUp();
  answer(ask({ id: 1 }));
  const found = again.find(ask({ id: "x" }, { authorization: "another" }));
  expect(found).toMatchObject({
    answer: { jsonrpc: "2.0", id: "x", result: { tools: [{ name: "tools__a__one" }, { name: "tools__a__two" }] } },
  });
  for (const other of [
    ask({ id: 1, params: {} }),
    ask({ id: 1, method: "tools/call" }),
    ask({ id: 1 }, { "mcp-protocol-version": "2025-11-25" }),
    ask({ id: 1 }, { "mcp-method": "tools/list" }),
    ask({ id: 1 }, { "content-type": "text/plain" }),
    ask({ id: null }),
    ask({ id: 1.5 }),
    ask({}),
  ]) {
    expect(again.find(other), JSON.stringify(other)).toBeUndefined();
  }
});

it("gives no answer again once the list has changed, or may be kept for another time", () => {
  for (const change of ["replace", "unsettle"] as const) {
    const { again, answer, ...changes } = setUp();
    answer(ask({ id: 1 }));
    changes[change](["one"]);
    expect(again.find(ask({ id: 1 }))).toBeUndefined();
  }
});

it("keeps the latest of many, and nothing of a request that is too long or for something else", () => {
  const { again, answer } = setUp();
  answer(ask({ id: 1, params: { _meta: { long: "x".repeat(5_000) } } }));
  expect(again.find(ask({ id: 1, params: { _meta: { long: "x".repeat(5_000) } } }))).toBeUndefined();
  answer(ask({ id: 1, method: "server/discover" }));
  expect(again.find(ask({ id: 1, method: "server/discover" }))).toBeUndefined();
  answer(ask({ id: 1 }));
  for (let at = 0; at < 256; at++) answer(ask({ id: 1, params: { at } }));
  expect(again.find(ask({ id: 1 }))).toBeUndefined();
  expect(again.find(ask({ id: 1, params: { at: 255 } }))).toBeDefined();
});
