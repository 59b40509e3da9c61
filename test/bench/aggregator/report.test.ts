import { describe, expect, it } from "vitest";
import { replacePart } from "../report/parts.ts";
import type { Told } from "../run-bench.ts";
import type { ResultRow } from "../sidecar/plan.ts";
import { createTally, type BenchReport } from "../sidecar/tally.ts";
import { toWebhookJson } from "../webhook/json.ts";
import { aggregatorBars, aggregatorQuestions } from "./bars.ts";
import { findAggregatorHeadlines } from "./headlines.ts";
import { compareCapacity, describeRows } from "./measure.ts";
import { formatAggregatorSection } from "./page.ts";
import { aggregatorCaseNames } from "./plan.ts";
import { buildAggregatorTables } from "./tables.ts";

const one = (med: number) => ({ med, min: med, max: med, clean: true });
const machine: Told[0] = {
  ...{ node: "v24.0.0", cpu: "a CPU", cores: 2, memoryGiB: 8, kernel: "6.1", commit: "abc" },
  ...{ loadBefore: 0.1, loadAfter: 1.2 },
};
const facts: Told[1] = {
  ...{ command: "npm run bench -- aggregator", flags: [], isPinned: true, rounds: 5, seconds: 3, day: "2030-01-31" },
  tookSeconds: 100,
};
const rows: readonly ResultRow[] = [
  {
    ...{ bench: "aggregator-load", case: "call", subject: "300 servers", rounds: 5, clean: true },
    ...{ callsPerSecond: one(900), cpuUs: one(800) },
  },
  {
    ...{ bench: "aggregator-memory", case: "sessions", subject: "10,000 sessions", rounds: 1, clean: true },
    ...{ rssMiB: one(400), anonMiB: one(350) },
  },
  { bench: "aggregator-times", case: "pods", subject: "aggregator", rounds: 3, clean: false, tookMs: one(1_500) },
];

function reportOf(figures: Readonly<Record<string, ReturnType<typeof one>>>): BenchReport {
  const tally = createTally(aggregatorBars);
  for (const name of aggregatorCaseNames) {
    const own = aggregatorBars.filter((bar) => bar.case === name).map(({ figure }) => figure);
    const found = Object.entries(figures).filter(([figure]) => own.includes(figure) || name === "peers");
    tally.add(name, { rows: name === "throughput" ? rows : [], figures: Object.fromEntries(found), notes: [] });
  }
  return tally.report();
}

const met = {
  ...{ calls_300_servers_vs_one: one(0.95), list_6000_vs_static: one(0.6), idle_300_servers_rss_mib: one(9) },
  ...{ sessions_10000_rss_mib: one(420), discovery_1000_pods_ms: one(1_500), change_slowest_ms: one(600) },
  ...{ relay_vs_mcp_hub: one(3), list_vs_mcp_hub: one(8), session_rss_kib: one(25) },
};

describe("the aggregator's figures", () => {
  it("compare capacity within each round: who needs less CPU has more of it", () => {
    const round = (ours: number, theirs: number) =>
      new Map([
        ["ours", { cpuUs: ours, perSecond: 10, disturbance: 0 }],
        ["theirs", { cpuUs: theirs, perSecond: 20, disturbance: 0 }],
      ]);
    const rounds = [round(100, 50), round(200, 100), round(400, 200)];
    expect(compareCapacity(rounds, { of: "ours", by: "theirs" })).toMatchObject({ med: 0.5, clean: true });
    expect(describeRows(rounds, "call", ["theirs"])).toMatchObject([{ cpuUs: { med: 100 }, rounds: 3 }]);
  });

  it("each bar has a case of its own, and each figure a question", () => {
    for (const bar of aggregatorBars) expect(aggregatorCaseNames).toContain(bar.case);
    const barred = new Set(aggregatorBars.map(({ figure }) => figure));
    for (const figure of Object.keys(met))
      expect(barred.has(figure) || figure in aggregatorQuestions, figure).toBe(true);
  });
});

describe("the aggregator's report", () => {
  it("says of each bar how it stands, with what it rests on behind it", () => {
    const tables = buildAggregatorTables(reportOf({ ...met, list_6000_vs_static: one(0.4) }));
    expect(tables.map(({ title }) => title)).toEqual(["Bars", "Under load", "Memory", "Times", "Without a bar"]);
    const verdicts = tables[0]?.rows.map((cells) => cells.at(-1));
    expect(verdicts).toEqual(["met", "inconclusive", "met", "met", "met", "met"]);
    expect(tables[3]?.rows).toEqual([["pods", "1500", "3 ~"]]);
  });

  it("tells ratios apart from numbers, and both by the names of its figures", () => {
    expect(toWebhookJson(machine, facts, reportOf(met))).toMatchObject({
      ratios: { calls_300_servers_vs_one: 0.95, relay_vs_mcp_hub: 3 },
      numbers: { sessions_10000_rss_mib: 420, session_rss_kib: 25, discovery_1000_pods_ms: 1_500 },
    });
  });

  it("leaves out the sentences of what was not measured", () => {
    const without = Object.fromEntries(Object.entries(met).filter(([name]) => name !== "relay_vs_mcp_hub"));
    expect(findAggregatorHeadlines(reportOf(met)).join(" ")).toContain("3.00x of mcp-hub's calls");
    expect(findAggregatorHeadlines(reportOf(without)).join(" ")).not.toContain("mcp-hub");
  });

  it("is a part of the page that others leave alone", () => {
    const page = replacePart("# Benchmarks", "aggregator", formatAggregatorSection(machine, facts, reportOf(met)));
    expect(page).toContain("### Aggregator: Bars");
    expect(replacePart(page, "sidecar", "# Benchmarks")).toBe(page);
  });
});
