/** A run of the aggregator as tables. Pure. */
import type { ResultRow } from "../sidecar/plan.ts";
import type { BenchReport } from "../sidecar/tally.ts";
import { buildBars, buildFigures, formatRounds, formatSpread, nameSubject, type Table } from "../report/tables.ts";
import { aggregatorQuestions } from "./bars.ts";

/** The tables that have rows: bars first, then what they rest on. */
export function buildAggregatorTables(report: BenchReport): readonly Table[] {
  const of = (bench: ResultRow["bench"]): readonly ResultRow[] => report.rows.filter((row) => row.bench === bench);
  return [
    buildBars(report.bars),
    buildLoads(of("aggregator-load")),
    buildMemory(of("aggregator-memory")),
    buildTimes(of("aggregator-times")),
    buildFigures(report, aggregatorQuestions),
  ].filter(({ rows }) => rows.length > 0);
}

function buildLoads(rows: readonly ResultRow[]): Table {
  return {
    title: "Under load",
    about:
      "CPU is that of the subject alone, for one call or for all pages of a list; rounds per second are the load's too.",
    head: ["case", "subject", "rounds/s", "CPU µs a round", "rounds"],
    numbersFrom: 2,
    rows: rows.map((row) => [
      row.case,
      nameSubject(row),
      formatSpread(row.callsPerSecond, 0),
      formatSpread(row.cpuUs, 0),
      formatRounds(row),
    ]),
  };
}

function buildMemory(rows: readonly ResultRow[]): Table {
  return {
    title: "Memory",
    about: "Of the aggregator's process; `anon` is memory that no file backs.",
    head: ["case", "with", "RSS MiB", "anon MiB"],
    numbersFrom: 2,
    rows: rows.map((row) => [row.case, nameSubject(row), formatSpread(row.rssMiB, 1), formatSpread(row.anonMiB, 1)]),
  };
}

function buildTimes(rows: readonly ResultRow[]): Table {
  return {
    title: "Times",
    about: "From the moment at which something is there to the one at which it is served; median, least and most.",
    head: ["what", "ms", "times"],
    numbersFrom: 1,
    rows: rows.map((row) => [
      `${row.case}${row.isAgain === true ? ", second try" : ""}`,
      formatSpread(row.tookMs, 0),
      formatRounds(row),
    ]),
  };
}
