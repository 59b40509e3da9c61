import type { ServerEntry } from "@outrigger/api/server-file";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planChanges, type Change } from "./plan.ts";

const entry = (name: string, over: Partial<ServerEntry> & Record<string, unknown> = {}): ServerEntry =>
  // A process entry whatever a test overrides.
  ({ form: "process", name, command: "run", args: [], env: {}, outrigger: {}, ...over }) as ServerEntry;

const kinds = (changes: readonly Change[]): string[] =>
  changes.map((change) => `${change.kind} ${change.kind === "stop" ? change.name : change.entry.name}`);

describe("planChanges", () => {
  it("starts what is new, stops what is gone, leaves the rest alone", () => {
    const before = [entry("a"), entry("b"), entry("c")];
    expect(kinds(planChanges(before, [entry("b"), entry("d"), entry("c")]))).toEqual(["stop a", "start d"]);
  });

  it("restarts a server whose command, arguments or environment differ", () => {
    const before = [entry("a"), entry("b"), entry("c")];
    const after = [entry("a", { args: ["x"] }), entry("b", { env: { X: "1" } }), entry("c", { command: "other" })];
    expect(kinds(planChanges(before, after))).toEqual(["restart a", "restart b", "restart c"]);
  });

  it("changes a policy without a restart, whether it comes, goes or differs", () => {
    const open = entry("a");
    const closed = entry("a", { outrigger: { policy: { defaultAction: "Deny" } } });
    const narrow = entry("a", { outrigger: { policy: { tools: { deny: ["x"] } } } });
    for (const [before, after] of [
      [open, closed],
      [closed, narrow],
      [narrow, open],
    ] as const) {
      expect(kinds(planChanges([before], [after]))).toEqual(["policy a"]);
    }
  });

  it("only tells the aggregator about another group", () => {
    expect(kinds(planChanges([entry("a")], [entry("a", { outrigger: { group: "dev" } })]))).toEqual(["describe a"]);
  });

  it("has one change per server at most, and none for two equal files", () => {
    const some = fc.uniqueArray(
      fc.record({ name: fc.constantFrom("a", "b", "c", "d"), command: fc.constantFrom("x", "y") }),
      { selector: (each) => each.name },
    );
    fc.assert(
      fc.property(some, some, (before, after) => {
        const [old, next] = [before, after].map((list) => list.map(({ name, command }) => entry(name, { command })));
        const changes = kinds(planChanges(old!, next!)).map((text) => text.split(" ")[1]);
        expect(new Set(changes).size).toBe(changes.length);
        expect(planChanges(next!, next!)).toEqual([]);
      }),
    );
  });
});
