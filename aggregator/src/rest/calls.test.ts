import { expect, it } from "vitest";
import { readList, type ServerEntry } from "../catalog/entry.ts";
import type { CatalogueSnapshot } from "../catalog/merge.ts";
import { createCallCounts, type CallReader } from "./calls.ts";

const plan = { qualify: "namespace" } as const;

function reader(tools: readonly string[], hidden: readonly string[] = []): CallReader {
  const definitions = tools.map((name) => ({ name }));
  const list = readList({ namespace: "ns", server: "s", group: "g", digest: "d", tools: definitions }, plan);
  // Of a server the counts read its name and its tools, of a catalogue its servers.
  const server = { key: "ns/s", namespace: "ns", server: "s", tools: list.tools } as unknown as ServerEntry;
  const catalogue = { servers: new Map([[server.key, server]]) } as unknown as CatalogueSnapshot;
  const mayCall = ({ name }: { name: string }): boolean => !hidden.includes(name);
  return { catalogue, decision: { maySee: () => true, mayCall }, isShared: hidden.length === 0 };
}

const told = (tool: string, durationMs: number, outcome: "ok" | "error" = "ok") => ({
  ...{ namespace: "ns", server: "s", tool, outcome, durationMs },
});

it("counts by tool, server and as a whole, with mean and longest time", () => {
  let nowMs = 0;
  const counts = createCallCounts(() => nowMs);
  counts.count(told("a", 10));
  nowMs = 5_000;
  counts.count(told("a", 30, "error"));
  counts.count(told("b", 2));
  const statistics = counts.read(reader(["a", "b", "c"]));
  expect(statistics).toMatchObject({
    since: "1970-01-01T00:00:00.000Z",
    calls: { ok: 2, tool_error: 0, error: 1, cancelled: 0 },
    servers: [{ namespace: "ns", server: "s", meanMs: 14, longestMs: 30, lastAt: "1970-01-01T00:00:05.000Z" }],
  });
  expect(statistics.servers[0]?.tools).toMatchObject([
    { name: "ns__s__a", calls: { ok: 1, error: 1 }, meanMs: 20 },
    { name: "ns__s__b", calls: { ok: 1, error: 0 }, meanMs: 2 },
  ]);
});

it("tells a caller only of what it may see, and of nothing that is gone", () => {
  const counts = createCallCounts(() => 0);
  for (const tool of ["a", "b"]) counts.count(told(tool, 1));
  const seen = counts.read(reader(["a", "b"], ["a"]));
  expect(seen.servers[0]?.tools.map(({ name }) => name)).toEqual(["ns__s__b"]);
  expect(seen.calls.ok).toBe(1);
  expect(counts.read(reader([])).servers).toEqual([]);
});

it("tells what searches spared, and only where every caller sees the same", () => {
  const counts = createCallCounts(() => 0);
  counts.countSearch(1_200);
  counts.countSearch(300);
  expect(counts.read(reader(["a"])).searches).toEqual({ requests: 2, tokensSaved: 1_500 });
  expect(counts.read(reader(["a"], ["a"]))).not.toHaveProperty("searches");
});

it("is bounded: calls of further tools are counted together", () => {
  const counts = createCallCounts(() => 0, 2);
  for (const tool of ["a", "b", "c", "c", "a"]) counts.count(told(tool, 1));
  const { servers, uncounted } = counts.read(reader(["a", "b", "c"]));
  expect(servers[0]?.tools.map(({ name }) => name)).toEqual(["ns__s__a", "ns__s__b"]);
  expect(uncounted).toBe(2);
});
