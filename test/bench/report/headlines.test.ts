import { describe, expect, it } from "vitest";
import type { ResultRow } from "../sidecar/plan.ts";
import { createTally, type BenchReport } from "../sidecar/tally.ts";
import { findHeadlines } from "./headlines.ts";

const one = (med: number, clean = true) => ({ med, min: med, max: med, clean });
const row = (bench: ResultRow["bench"], caseName: string, rest: Partial<ResultRow>): ResultRow => ({
  ...{ bench, case: caseName, subject: "sidecar", rounds: 5, clean: true },
  ...rest,
});
const nothing = createTally([]).report();
const report: BenchReport = {
  ...nothing,
  rows: [
    row("throughput", "call-300B", { cpuUs: one(41.2) }),
    row("latency", "latency", { subject: "no proxy", p50us: one(70) }),
    row("latency", "latency", { subject: "bare passthrough", p50us: one(270) }),
    row("latency", "latency", { p50us: one(284) }),
    row("startup", "start", { subject: "sidecar, compile cache", startMs: one(87.4) }),
  ],
  figures: {
    call_300B_vs_bare: one(1.021),
    call_300B_vs_best_sdk: one(14.4),
    sidecar_stdio_vs_supergateway: one(6.02),
    sidecar_stdio_vs_mcp_proxy: one(9.13, false),
    start_vs_bare_http: one(1.94),
    idle_anon_over_bare_mib: one(1.8),
    with_1000_streams: one(0.97),
    anon_kib_per_stream_of_1000: one(20),
    with_5000_streams: one(0.9),
    anon_kib_per_stream_of_5000: one(17.2),
  },
};

describe("a run in short", () => {
  it("is a sentence for each thing that people ask, with the figures of this run", () => {
    expect(findHeadlines(report)).toEqual([
      "One core carries about 24,000 calls/s of 300 B through the sidecar: 1.02x of what it carries through a bare passthrough, 14x of the better relay of the MCP SDKs.",
      "Before the same stdio server it carries 6.02x of supergateway's calls and 9.13x ~ of mcp-proxy's.",
      "It adds 0.21 ms to the median call at 500 calls/s, where the bare passthrough adds 0.20 ms.",
      "It is ready 87 ms after its start, 1.94x of node:http alone, and holds 1.80 MiB more memory than the bare passthrough.",
      "With 5,000 event streams open it carries 0.90x of the short calls that it carries with none, and each stream takes 17 KiB.",
      "0 of 0 bars met.",
    ]);
  });

  it("leaves out what was not measured", () => {
    expect(findHeadlines(nothing)).toEqual(["0 of 0 bars met."]);
    const unsure = { ...report, figures: { ...report.figures, idle_anon_over_bare_mib: one(Number.NaN) } };
    expect(findHeadlines(unsure).filter((line) => line.includes("ready"))).toEqual([]);
  });
});
