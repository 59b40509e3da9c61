/** F-092: what clients keep in caches. Lists and results depend on what there is, not on how it came to be so. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { listed } from "../catalog/example-servers.ts";
import { emptyCatalogue, mergeCatalogue, type CatalogueChange } from "../catalog/merge.ts";
import type { Exposure } from "../plan/exposure.ts";
import { createLens } from "../plan/lens.ts";
import { selectAll } from "../plan/selection.ts";
import { parseSearchRequest } from "../search/request.ts";
import { search } from "../search/search.ts";
import { emptySnapshot, followCatalogue } from "../search/snapshot.ts";
import { createDecision, type Decision } from "./decide.ts";
import { takePage } from "./page.ts";
import { createView } from "./view.ts";

const words = fc.constantFrom("read", "write", "list", "commit", "branch", "file", "issue");
const tool = fc
  .tuple(words, words)
  .map(([verb, noun]) => ({ name: `${verb}_${noun}`, description: `To ${verb} a ${noun}.` }));
const server = fc.record({
  name: fc.constantFrom("a", "b", "c", "d"),
  group: fc.constantFrom("code", "data"),
  tools: fc.uniqueArray(tool, { selector: ({ name }) => name, maxLength: 6 }),
  before: fc.uniqueArray(tool, { selector: ({ name }) => name, maxLength: 6 }),
});
const servers = fc.uniqueArray(server, { selector: ({ name }) => name, maxLength: 4 });
const exposures: readonly Exposure[] = [
  { mode: "direct", directBelow: 20, pinned: [] },
  { mode: "hybrid", directBelow: 20, pinned: ["*_issue"] },
  { mode: "auto", directBelow: 5, pinned: [] },
];
const pinnedTool = "tools__a__read_file";
const reshape = {
  kind: "selection",
  selection: { ...selectAll, servers: ["a", "b"], named: new Set([pinnedTool]) },
  rules: [{ tool: pinnedTool, name: "look", arguments: { path: "/" } }],
} as const;

/** Everything that clients may keep, after these changes one by one, each of which was indexed. */
function serveAfter(changes: readonly CatalogueChange[]): string {
  let catalogue = emptyCatalogue({ qualify: "namespace" });
  let index = emptySnapshot();
  const lens = createLens(reshape);
  for (const change of changes) {
    catalogue = mergeCatalogue(catalogue, change);
    index = followCatalogue(index, catalogue);
    lens(catalogue);
  }
  const state = { catalogue: () => catalogue, index: () => index, isSettled: () => true };
  const own = lens(catalogue);
  const ownIndex = followCatalogue(emptySnapshot(), own);
  const ownState = { ...state, catalogue: () => own, index: () => ownIndex };
  const show = (seen: typeof state, decision: Decision) =>
    exposures.map((exposure) => {
      const view = createView({ state: seen, decision, exposure, nowMs: () => 0 });
      return [view.listTools("modern"), view.listTools("legacy")];
    });
  const request = parseSearchRequest({ description: "read an issue", limit: 50 });
  if (!request.ok) throw new Error(request.expected);
  const code = createDecision({ group: "code" });
  return JSON.stringify([
    show(state, createDecision({})),
    show(state, code),
    show(ownState, createDecision({})),
    search(index, request.value, code.mayCall),
    search(ownIndex, request.value, () => true),
  ]);
}

it("F-092 gives the same bytes for the same servers, in whatever order and by whatever detours they came", () => {
  const detours = fc.record({ shuffle: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), isLate: fc.boolean() });
  fc.assert(
    fc.property(servers, detours, (wanted, { shuffle, isLate }) => {
      const final = wanted.map(({ name, tools, group }) => listed(name, tools, { group }));
      // A server's own changes stay in order: lists of before, other replicas that leave, its state.
      const detour = wanted.map(({ name, before, tools, group }, at): readonly CatalogueChange[] => [
        listed(name, before, { group, digest: `before-${at}` }),
        listed(name, before, { group, replica: "pod-1", at: 0, digest: `before-${at}` }),
        { kind: "removed", replica: { id: "pod-1" }, namespace: "tools", server: name },
        ...(isLate ? [{ kind: "removed", replica: { id: "pod-0" }, namespace: "tools", server: name } as const] : []),
        listed(name, tools, { group }),
      ]);
      expect(serveAfter(interleave(detour, shuffle))).toBe(serveAfter(final));
    }),
    { numRuns: 60 },
  );
});

function interleave<T>(lists: readonly (readonly T[])[], choices: readonly number[]): T[] {
  const rest = lists.map((list) => [...list]);
  const merged: T[] = [];
  for (let turn = 0; rest.some((list) => list.length > 0); turn++) {
    const open = rest.filter((list) => list.length > 0);
    merged.push(...(open[(choices[turn % choices.length] ?? 0) % open.length]?.splice(0, 1) ?? []));
  }
  return merged;
}

it("F-092 gives each tool that stays exactly once over the pages of a list that changes between them", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-d]{1,3}$/), { maxLength: 20 });
  fc.assert(
    fc.property(names, fc.array(names, { maxLength: 6 }), fc.integer({ min: 1, max: 5 }), (stay, others, size) => {
      const seen: string[] = [];
      let cursor: string | undefined;
      for (let at = 0; at === 0 || cursor !== undefined; at++) {
        const items = [...new Set([...stay, ...(others[at] ?? [])])].sort();
        const page = takePage(items, { keyOf: (item) => item, size, cursor });
        if (!page.ok) throw new Error("a cursor that the list gave was refused");
        seen.push(...page.items);
        cursor = page.nextCursor;
      }
      expect(seen).toEqual([...new Set(seen)].sort());
      expect(seen).toEqual(expect.arrayContaining(stay));
    }),
  );
});
