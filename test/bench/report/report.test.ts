import { describe, expect, it } from "vitest";
import type { Machine } from "../machine.ts";
import { listBars } from "../sidecar/bars.ts";
import type { ResultRow } from "../sidecar/plan.ts";
import type { BenchReport } from "../sidecar/tally.ts";
import type { RunFacts } from "./describe.ts";
import { toJson, toLines } from "./json.ts";
import { formatPage } from "./page.ts";
import { formatReport } from "./text.ts";

const machine: Machine = {
  node: "v24.0.0",
  cpu: "cpu",
  cores: 2,
  memoryGiB: 8,
  kernel: "6",
  commit: "abc",
  loadBefore: 0.1,
  loadAfter: 1,
};
const facts: RunFacts = {
  command: "npm run bench -- sidecar",
  flags: ["--flag"],
  isPinned: true,
  rounds: 7,
  seconds: 2,
  tookSeconds: 580.4,
  day: "2030-01-31",
};
const one = { med: 40, min: 38.5, max: 41.2 };
const row = (subject: string, rest: Partial<ResultRow> = {}): ResultRow => ({
  bench: "throughput",
  case: "call-300B",
  subject,
  rounds: 5,
  clean: true,
  callsPerSecond: { med: 20_000, min: 1, max: 3 },
  cpuUs: one,
  ratioToBare: { med: 0.8, min: 0.79, max: 0.81 },
  ...rest,
});
const [bar] = listBars([]);
const ratio = { med: 0.80123, min: 0.79, max: 0.81, clean: false };
const report: BenchReport = {
  rows: [row("bare passthrough"), row("sidecar", { clean: false }), row("a | b", { bench: "latency", p50us: one })],
  figures: { call_300B_vs_bare: ratio, decide_and_record_us: { ...one, clean: true } },
  bars: bar === undefined ? [] : [{ bar, figure: ratio, verdict: "inconclusive" }],
  notes: ["peers: left out somebody"],
  failed: [],
  measured: 2,
};

describe("the report", () => {
  const text = formatReport(machine, facts, report);

  it("begins with the machine, says that runs can't be compared, and ends with the bars", () => {
    expect(text.split("\n", 3)).toEqual([
      "npm run bench -- sidecar, 2030-01-31, commit abc, Node v24.0.0 with --flag",
      "cpu, 2 cores, 8 GiB, Linux 6, pinned to cores",
      "load average 0.1 before, 1.0 after; 7 rounds of 2 s where the tables say no other number; took 9 min 40 s; compare within this run only",
    ]);
    expect(text.split("\n").slice(-2)).toEqual(["peers: left out somebody", "0 of 1 bars met, 1 inconclusive"]);
  });

  it("marks what was disturbed, and tells spreads", () => {
    expect(text).toMatch(/0\.80 \(0\.79-0\.81\)x ~ +inconclusive/);
    expect(text).toMatch(/sidecar .*40\.0 \(38\.5-41\.2\).* 5 ~$/m);
    expect(text).toMatch(/^decision and metrics of one call +40\.00 \(38\.50-41\.20\) µs$/m);
  });

  it("aligns every column", () => {
    const lines = text.split("\n");
    const table = lines.slice(lines.indexOf("Capacity") + 1, lines.indexOf("Capacity") + 5);
    const at = table.map((line, index) => line.indexOf(["subject", "---", "bare", "sidecar"][index] ?? "", 9));
    expect(new Set(at).size).toBe(1);
    expect(at[0]).toBeGreaterThan(0);
  });

  it("tells a second try from the first", () => {
    const rows = [row("sidecar", { isAgain: true }), row("sidecar", { bench: "startup", isAgain: true })];
    const again = formatReport(machine, facts, { ...report, rows });
    expect(again).toMatch(/^call-300B, second try +sidecar +20,000/m);
    expect(again).toMatch(/^sidecar, second try +/m);
    expect(text).not.toContain("second try");
  });

  it("says first where it is only a part", () => {
    const part = formatReport(machine, { ...facts, part: "it was interrupted after 2 of 18 cases" }, report);
    expect(part.split("\n", 1)).toEqual(["ONLY A PART: it was interrupted after 2 of 18 cases"]);
    expect(text).not.toContain("PART");
  });

  it("leaves out tables without rows", () => {
    expect(text).not.toContain("Single steps");
  });
});

describe("the page", () => {
  const page = formatPage(machine, facts, report);

  it("says what wrote it, on what, and how the bars stand", () => {
    expect(page).toContain("<!-- Written by `npm run bench -- sidecar` with `--write`. Do not edit. -->");
    expect(page).toContain("- cpu, 2 cores, 8 GiB, Linux 6, pinned to cores");
    expect(page).toContain("0 of 1 bars met, 1 inconclusive.");
  });

  it("has each table with as many cells in every row, whatever stands in them", () => {
    const tables = page.split("\n\n").filter((part) => part.startsWith("| "));
    expect(tables.length).toBeGreaterThan(2);
    for (const table of tables) {
      const cells = table.split("\n").map((line) => line.replaceAll(String.raw`\|`, "").split("|").length);
      expect(new Set(cells).size).toBe(1);
    }
  });
});

describe("the report for programs", () => {
  it("gives the median of every figure by name", () => {
    expect(toJson(machine, facts, report)).toMatchObject({
      tookSeconds: 580,
      ratios: { call_300B_vs_bare: 0.801 },
      bars: [{ id: "P1", figure: "call_300B_vs_bare", atLeast: 0.85, verdict: "inconclusive" }],
      notes: ["peers: left out somebody"],
    });
  });

  it("says where it is only a part", () => {
    expect(toJson(machine, { ...facts, part: "why" }, report)).toHaveProperty("part", "why");
    expect(toJson(machine, facts, report)).not.toHaveProperty("part");
  });

  it("gives a line for each subject, by the file in which it is kept", () => {
    const lines = toLines(machine, report.rows);
    expect([...lines.keys()]).toEqual(["throughput", "latency"]);
    const [first] = (lines.get("throughput") ?? "").trim().split("\n");
    expect(JSON.parse(first ?? "")).toMatchObject({ case: "call-300B", subject: "bare passthrough", node: "v24.0.0" });
  });
});
