/** A report as text for a terminal. Pure. */
import type { Machine } from "../machine.ts";
import type { BenchReport } from "../sidecar/tally.ts";
import { describeRun, summarize, type RunFacts } from "./describe.ts";
import { buildTables, type Table } from "./tables.ts";

/** The whole report. */
export function formatReport(
  machine: Machine,
  facts: RunFacts,
  report: BenchReport,
  tables: readonly Table[] = buildTables(report),
): string {
  return [
    describeRun(machine, facts).join("\n"),
    ...tables.map(layOut),
    [...report.notes, summarize(report)].join("\n"),
  ].join("\n\n");
}

function layOut({ title, head, numbersFrom, rows }: Table): string {
  const widths = head.map((text, at) => Math.max(text.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at < numbersFrom ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  return [title, line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
