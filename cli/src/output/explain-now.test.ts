/** What is there now, in words. */
import { describe, expect, it } from "vitest";
import type { NowFacts, PodNow } from "../explain/explanation.ts";
import { listNowRows } from "./explain-now.ts";
import { createPaint } from "./paint.ts";

const pod: PodNow = {
  name: "search-1",
  sidecar: true,
  ready: true,
  version: "0.3.0",
  configHash: "aa",
  atRestart: "AlreadyInjected",
  changes: [],
};
const linesOf = (facts: Partial<NowFacts>): readonly string[] =>
  listNowRows(
    { installed: { version: "0.3.0", configHash: "aa" }, pods: [pod], misfits: [], notes: [], ...facts },
    "tools",
    createPaint(false),
  ).map(([label, text]) => `${label}: ${text}`);

describe("what is there now", () => {
  it("is told for each pod, with what was found out about ways round", () => {
    expect(linesOf({})).toEqual([
      "now: pod search-1: sidecar 0.3.0, ready, config aa as installed; a new one would be the same",
      ": enforced: nobody has looked yet",
    ]);
    const enforced = { status: "False", reason: "BypassReachable", message: "port 8080" } as const;
    expect(linesOf({ pods: [{ ...pod, enforced }] })[1]).toBe(": enforced: False [BypassReachable] port 8080");
  });

  it("names what a new pod would have otherwise", () => {
    const old = { ...pod, version: "0.2.0", configHash: "bb", ready: false, atRestart: "Reinjected", changes: ["x"] };
    expect(linesOf({ pods: [old] })).toEqual([
      "now: pod search-1: sidecar 0.2.0 (installed: 0.3.0), not ready, config bb, now aa; a new one would differ",
      ": enforced: nobody has looked yet",
      ": would change: x",
    ]);
    const bare = { name: "early", sidecar: false, ready: false, atRestart: "Injected", changes: [] };
    expect(linesOf({ pods: [bare] })).toEqual([
      "now: pod early: without the sidecar, a new one would have it: it is older than its label, or no webhook answered",
    ]);
  });

  it("says what does not fit with what mends it, and what is not known", () => {
    const misfits = [{ text: "too much", mends: { "outrigger.dev/sidecar-memory-limit": "96Mi" } }];
    expect(linesOf({ pods: [], misfits, notes: ["need list pods in tools"] })).toEqual([
      "now: no pods",
      "bounds: too much",
      "fix: kubectl annotate namespace tools --overwrite outrigger.dev/sidecar-memory-limit=96Mi",
      "not known: need list pods in tools",
    ]);
  });

  it("tells the first pods of many, and how many there are more", () => {
    const lines = linesOf({ pods: Array.from({ length: 13 }, (_none, at) => ({ ...pod, name: `p${at}` })) });
    expect(lines.filter((line) => line.includes("pod p"))).toHaveLength(10);
    expect(lines.at(-1)).toBe(": and 3 more pods: see --json");
  });
});
