/** A run as tables, before anybody decides whether they become text or a page. Pure. */
import type { Figure } from "../stats/rounds.ts";
import type { Spread } from "../stats/series.ts";
import type { Bar } from "../stats/verdict.ts";
import type { ResultRow } from "../sidecar/plan.ts";
import { questions } from "../sidecar/unbarred.ts";
import type { BenchReport, JudgedBar } from "../sidecar/tally.ts";

/** One table. Cells from `numbersFrom` on are numbers. */
export interface Table {
  readonly title: string;
  /** What its columns say, for who has only the page. */
  readonly about: string;
  readonly head: readonly string[];
  readonly numbersFrom: number;
  readonly rows: readonly (readonly string[])[];
}

const memoryColumns = "`anon` is memory that no file backs";
const capacityColumns = `${memoryColumns}, \`core\` how busy the core was`;

/** The tables of a report that have rows: bars first, then what they rest on. */
export function buildTables(report: BenchReport): readonly Table[] {
  const of = (bench: ResultRow["bench"]): readonly ResultRow[] => report.rows.filter((row) => row.bench === bench);
  return [
    buildBars(report.bars),
    buildCapacity(
      {
        title: "Capacity",
        about: `At saturation. ${capacityColumns}, \`of bare\` capacity in relation to the bare passthrough.`,
      },
      of("throughput"),
    ),
    buildLatency(of("latency")),
    buildCapacity(
      { title: "Streams", about: `Calls of 300 B at saturation while streams are open. ${capacityColumns}.` },
      of("streams"),
    ),
    buildStarts(of("startup")),
    buildSteps(of("micro")),
    buildFigures(report, questions),
  ].filter(({ rows }) => rows.length > 0);
}

/** The bars. */
export function buildBars(bars: readonly JudgedBar[]): Table {
  return {
    title: "Bars",
    about: "Each bar with the figure of the try that met it, or of the last one.",
    head: ["", "question", "bar", "measured", "verdict"],
    numbersFrom: 2,
    rows: bars.map(({ bar, figure, verdict }) => [
      bar.id,
      bar.question,
      formatBar(bar),
      figure === undefined ? "not measured" : formatFigure(figure, bar.unit),
      verdict,
    ]),
  };
}

function buildCapacity({ title, about }: Pick<Table, "title" | "about">, rows: readonly ResultRow[]): Table {
  const hasRatio = rows.some(({ ratioToBare }) => ratioToBare !== undefined);
  return {
    title,
    about,
    head: [
      "case",
      "subject",
      "calls/s",
      "CPU µs a call",
      ...(hasRatio ? ["of bare"] : []),
      "anon MiB",
      "core",
      "rounds",
    ],
    numbersFrom: 2,
    rows: rows.map((row) => [
      nameCase(row),
      row.subject,
      whole(row.callsPerSecond?.med),
      formatSpread(row.cpuUs, 1),
      ...(hasRatio ? [row.ratioToBare === undefined ? "" : `${formatSpread(row.ratioToBare, 2)}x`] : []),
      row.anonMiB === undefined ? "" : row.anonMiB.med.toFixed(0),
      row.utilisation === undefined ? "" : `${(row.utilisation * 100).toFixed(0)} %`,
      formatRounds(row),
    ]),
  };
}

function buildLatency(rows: readonly ResultRow[]): Table {
  return {
    title: "Latency at 500 calls/s",
    about: "Calls of 300 B over 16 connections, sent at fixed times.",
    head: ["case", "subject", "p50 µs", "p90 µs", "p99 µs", "CPU µs a call", "rounds"],
    numbersFrom: 2,
    rows: rows.map((row) => [
      nameCase(row),
      row.subject,
      formatSpread(row.p50us, 0),
      formatSpread(row.p90us, 0),
      formatSpread(row.p99us, 0),
      formatSpread(row.cpuUs, 0),
      formatRounds(row),
    ]),
  };
}

function buildStarts(rows: readonly ResultRow[]): Table {
  return {
    title: "Start and memory at rest",
    about: `Until the first good answer on the port for health; memory 1.5 s after the last of them was ready. ${memoryColumns}.`,
    head: ["subject", "ready after ms", "RSS MiB", "anon MiB", "rounds"],
    numbersFrom: 1,
    rows: rows.map((row) => [
      nameSubject(row),
      formatSpread(row.startMs, 0),
      formatSpread(row.rssMiB, 1),
      formatSpread(row.anonMiB, 1),
      formatRounds(row),
    ]),
  };
}

/** Steps that were timed alone. */
export function buildSteps(
  rows: readonly ResultRow[],
  { title, about }: Pick<Table, "title" | "about"> = {
    title: "Single steps",
    about: "Each timed alone, in one process with the sidecar's flags.",
  },
): Table {
  return {
    ...{ title, about },
    head: ["step", "µs", "rounds"],
    numbersFrom: 1,
    rows: rows.map((row) => [nameSubject(row), formatSpread(row.cpuUs, 2), formatRounds(row)]),
  };
}

/** What no bar asks for. `asked`: questions by the figure's name. */
export function buildFigures({ figures, bars }: BenchReport, asked: Readonly<Record<string, string>>): Table {
  const barred = new Set(bars.map(({ bar }) => bar.figure));
  return {
    title: "Without a bar",
    about: "What is measured beside, and judged by nobody.",
    head: ["question", "measured"],
    numbersFrom: 1,
    rows: Object.entries(figures)
      .filter(([name]) => !barred.has(name))
      .map(([name, figure]) => [asked[name] ?? name, formatFigure(figure, unitOf(name))]),
  };
}

/** The unit that the name of a figure ends with; a ratio where it ends with none. */
export function unitOf(name: string): Bar["unit"] {
  const unit = (["us", "ms", "MiB", "KiB", "pods"] as const).find((each) => name.endsWith(`_${each.toLowerCase()}`));
  return unit ?? "x";
}

const whole = (value = Number.NaN): string => Math.round(value).toLocaleString("en-US");

/** Median with least and most in brackets. */
export function formatSpread(value: Spread | undefined, digits: number): string {
  if (value === undefined) return "";
  const [med, min, max] = [value.med, value.min, value.max].map((each) => each.toFixed(digits));
  return min === max ? `${med}` : `${med} (${min}${value.min < 0 ? " to " : "-"}${max})`;
}

/** A figure with its unit; `~` where it was disturbed. */
export function formatFigure(figure: Figure, unit: Bar["unit"]): string {
  const isSmall = figure.med > 0 && figure.med < 0.1;
  const isCount = unit === "calls" || unit === "connections" || unit === "pods";
  const text = formatSpread(figure, isCount ? 0 : isSmall ? 3 : 2);
  return `${text}${withUnit(unit)}${figure.clean ? "" : " ~"}`;
}

/** What a bar asks for. */
export function formatBar({ atLeast, atMost, unit }: Bar): string {
  const value = atLeast ?? atMost ?? Number.NaN;
  return `${atLeast === undefined ? "<=" : ">="} ${Number(value.toFixed(2))}${withUnit(unit)}`;
}

const withUnit = (unit: Bar["unit"]): string => (unit === "x" ? "x" : ` ${unit === "us" ? "µs" : unit}`);

const tryOf = ({ isAgain }: ResultRow): string => (isAgain === true ? ", second try" : "");
const nameCase = (row: ResultRow): string => `${row.case}${tryOf(row)}`;
/** The subject, where the table names no case. */
export const nameSubject = (row: ResultRow): string => `${row.subject}${tryOf(row)}`;

/** Rounds that count; `~` where others disturbed too many. */
export const formatRounds = ({ rounds, clean }: ResultRow): string => `${rounds}${clean ? "" : " ~"}`;
