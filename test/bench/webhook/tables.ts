/** A run of the webhook as tables. Pure. */
import { buildBars, buildFigures, buildSteps, formatRounds, formatSpread, nameSubject } from "../report/tables.ts";
import type { Table } from "../report/tables.ts";
import type { ResultRow } from "../sidecar/plan.ts";
import type { BenchReport } from "../sidecar/tally.ts";
import type { Spread } from "../stats/series.ts";
import { webhookQuestions } from "./bars.ts";

/** The tables that have rows: bars first, then what they rest on. */
export function buildWebhookTables(report: BenchReport): readonly Table[] {
  const of = (bench: ResultRow["bench"]): readonly ResultRow[] => report.rows.filter((row) => row.bench === bench);
  return [
    buildBars(report.bars),
    buildAdmissions(of("webhook-admission")),
    buildBursts(of("webhook-burst")),
    buildReviews(of("webhook-review")),
    buildSteps(of("webhook-decision"), {
      title: "Decision and patch",
      about:
        "CPU of each step alone, in one process. A whole answer reads the review, decides, writes the patch, counts and logs.",
    }),
    buildMemory(of("webhook-memory")),
    buildFigures(report, webhookQuestions),
  ].filter(({ rows }) => rows.length > 0);
}

function buildAdmissions(rows: readonly ResultRow[]): Table {
  return {
    title: "Admissions at 100/s",
    about:
      "Pods created without being kept, through the API server. What it counts for the webhook has applying the patch in it.",
    head: ["asked", "p50 ms", "p99 ms", "API server counts ms", "CPU µs", "rounds"],
    numbersFrom: 1,
    rows: rows.map((row) => [
      nameSubject(row),
      inMs(row.p50us),
      inMs(row.p99us),
      formatSpread(row.seenMs, 2),
      formatSpread(row.cpuUs, 0),
      formatRounds(row),
    ]),
  };
}

function buildBursts(rows: readonly ResultRow[]): Table {
  return {
    title: "Bursts",
    about: "Pods created without being kept, as fast as 50 connections carry them.",
    head: ["case", "asked", "ms", "pods/s", "refused", "rounds"],
    numbersFrom: 2,
    rows: rows.map((row) => [
      row.case,
      nameSubject(row),
      formatSpread(row.tookMs, 0),
      formatSpread(row.callsPerSecond, 0),
      formatSpread(row.refusedPods, 0),
      formatRounds(row),
    ]),
  };
}

function buildReviews(rows: readonly ResultRow[]): Table {
  return {
    title: "Answers at 100/s",
    about: "Reviews that an API server sent once, sent again over HTTPS without one.",
    head: ["asked", "p50 ms", "p99 ms", "CPU µs", "rounds"],
    numbersFrom: 1,
    rows: rows.map((row) => [
      nameSubject(row),
      inMs(row.p50us),
      inMs(row.p99us),
      formatSpread(row.cpuUs, 0),
      formatRounds(row),
    ]),
  };
}

function buildMemory(rows: readonly ResultRow[]): Table {
  return {
    title: "Memory over many admissions",
    about: "Of one process, after a collection: live objects, and resident memory.",
    head: ["reviews", "live MiB", "resident MiB"],
    numbersFrom: 1,
    rows: rows.map((row) => [
      `${row.case}${row.isAgain === true ? ", second try" : ""}`,
      formatSpread(row.heapMiB, 1),
      formatSpread(row.rssMiB, 1),
    ]),
  };
}

/** Microseconds as milliseconds. */
function inMs(value: Spread | undefined): string {
  if (value === undefined) return "";
  return formatSpread({ med: value.med / 1e3, min: value.min / 1e3, max: value.max / 1e3 }, 2);
}
