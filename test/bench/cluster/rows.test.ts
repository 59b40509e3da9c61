import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { judge } from "./caller.ts";
import { formatComparison } from "./report.ts";
import { compare, weigh, type ComparisonRow } from "./rows.ts";
import { countLosses, type Losses } from "./steady-load.ts";

const machine = {
  node: "v24",
  cpu: "cpu x 2",
  kernel: "6",
  commit: "abc",
  loadBefore: 0.1,
  loadAfter: 1,
  clusterVersion: "v1.34.4",
};
const quiet: Losses = { calls: 100, lostBefore: 0, lostInFlight: 1, lostLater: 0, outageSeconds: 0, reasons: [] };

function verdicts(rows: readonly ComparisonRow[]): Record<string, string | undefined> {
  return Object.fromEntries(rows.map(({ question, verdict }) => [question, verdict]));
}

describe("comparison on a cluster", () => {
  it("holds the median of the first calls against the bar, each way on its own", () => {
    const rows = compare({
      firstCalls: { plain: [1, 2, 3], throughSidecar: [3, 3.4, 9], throughAggregator: [3, 3.6, 3.7] },
    });
    expect(verdicts(rows)).toEqual({
      "apply to first call, sidecar": "met",
      "apply to first call, aggregator": "not met",
    });
  });

  it("holds what a way adds against the bar, not what it takes", () => {
    const rows = compare({
      latency: {
        direct: { p50Ms: 1, p95Ms: 3, calmP50Ms: 1 },
        sidecar: { p50Ms: 1.4, p95Ms: 9, calmP50Ms: 1.4 },
        aggregator: { p50Ms: 2.6, p95Ms: 9, calmP50Ms: 2.6 },
      },
    });
    expect(verdicts(rows)).toMatchObject({ "p50 of a call, sidecar": "met", "p50 of a call, aggregator": "not met" });
  });

  it("allows a call as much more as the machine is slower than the bars suppose", () => {
    const of = (p50Ms: number) => ({ p50Ms, p95Ms: p50Ms, calmP50Ms: p50Ms });
    const rows = compare({ latency: { direct: of(3), sidecar: of(4.4), aggregator: of(7.6) } });
    expect(verdicts(rows)).toMatchObject({ "p50 of a call, sidecar": "met", "p50 of a call, aggregator": "not met" });
    expect(rows.map(({ bar }) => bar)).toContain("<= +4.50 ms");
  });

  it("says of a time missed on a busy machine that it proves nothing, and of nothing else", () => {
    const rows: readonly ComparisonRow[] = [
      { question: "slow", without: "", ours: "", bar: "", verdict: "not met", of: "time" },
      { question: "fast", without: "", ours: "", bar: "", verdict: "met", of: "time" },
      { question: "fat", without: "", ours: "", bar: "", verdict: "not met" },
    ];
    expect(weigh(rows, { loadBefore: 1.9, cores: 2 })).toEqual(rows);
    const busy = verdicts(weigh(rows, { loadBefore: 2.1, cores: 2 }));
    expect(busy).toEqual({ slow: "inconclusive", fast: "met", fat: "not met" });
  });

  it("sums the rounds of a kill and forgives calls in flight only", () => {
    const row = { killed: "server", replicas: 1, recovery: "seen" } as const;
    const rows = compare({
      kills: [
        { ...row, way: "direct", losses: { ...quiet, lostLater: 40, outageSeconds: 1.5 } },
        { ...row, way: "aggregator", losses: quiet },
        { ...row, way: "aggregator", losses: { ...quiet, lostLater: 2, outageSeconds: 0.5 } },
        { ...row, way: "sidecar", losses: quiet },
      ],
    });
    expect(verdicts(rows)).toEqual({
      "server killed, 1 replica, aggregator": "not met",
      "server killed, 1 replica, sidecar": "met",
    });
    expect(rows[0]).toMatchObject({ without: "1 in flight, 40 later in 1.5 s", ours: "2 in flight, 2 later in 0.5 s" });
  });

  it("tells calls lost in flight from those sent into the outage, and from those lost before", () => {
    const calls = [
      { sentMs: 10, endedMs: 20, lostWhy: "too busy" },
      { sentMs: 90, endedMs: 110, lostWhy: "reset" },
      { sentMs: 100, endedMs: 111, lostWhy: "reset" },
      { sentMs: 600, endedMs: 610, lostWhy: "refused" },
      { sentMs: 700, endedMs: 710 },
    ];
    expect(countLosses(calls, { fromMs: 100, toMs: 120 })).toEqual({
      calls: 5,
      lostBefore: 1,
      lostInFlight: 2,
      lostLater: 1,
      outageSeconds: 0.5,
      reasons: [
        ["reset", 2],
        ["too busy", 1],
        ["refused", 1],
      ],
    });
    expect(countLosses([{ sentMs: 1, endedMs: 2 }], { fromMs: 0, toMs: 0 })).toMatchObject({
      lostLater: 0,
      outageSeconds: 0,
    });
  });

  it("takes a tool that is said to be unknown for refused, and every other failure for lost", () => {
    expect(judge({ status: 200, text: `{"text":"Echo: measured"}` })).toEqual({ kind: "answered" });
    expect(judge({ status: 200, text: "Unknown tool: echo" })).toEqual({ kind: "refused" });
    expect(judge({ status: 503, text: "no server" })).toMatchObject({ kind: "lost" });
  });

  it("aligns every column in colour as without, and counts the bars", () => {
    const rows: readonly ComparisonRow[] = [
      { question: "short", without: "1", ours: "2", bar: "<= 1", verdict: "not met" },
      { question: "a long question", without: "1000 ms", ours: "2", bar: "" },
      { question: "other", without: "1", ours: "1", bar: "1", verdict: "met" },
    ];
    const found = { rows, failures: ["kills: no node"] };
    const plain = formatComparison(machine, found, "plain");
    const coloured = formatComparison(machine, found, "colour");
    expect(coloured).not.toBe(plain);
    expect(stripVTControlCharacters(coloured)).toBe(plain);
    expect(plain).toContain("1 of 2 bars met\nnot measured: kills: no node");
    const table = plain.split("\n\n")[1]?.split("\n") ?? [];
    expect(new Set(table.slice(2, 4).map((line) => line.indexOf("2", 18))).size).toBe(1);
  });
});
