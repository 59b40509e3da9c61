/** A report for programs: one object for `--json`, and one line per subject and case for the file of results. Pure. */
import type { Machine } from "../machine.ts";
import type { ResultRow } from "../sidecar/plan.ts";
import type { RunFacts } from "./describe.ts";
import type { BenchReport } from "../sidecar/tally.ts";

/** How long it took, and what it is a part of where it is one. */
type Took = Pick<RunFacts, "tookSeconds" | "part">;

/** What every report for programs has. */
interface JsonReport {
  readonly ratios: Readonly<Record<string, number>>;
  readonly [member: string]: unknown;
}

/** The object of `--json`. `ratios`: the median of every figure by name, also of those that are no ratios. */
export function toJson(machine: Machine, { tookSeconds, part }: Took, report: BenchReport): JsonReport {
  const bars = report.bars.map(({ bar, verdict }) => ({ ...bar, verdict }));
  return {
    ...(part === undefined ? {} : { part }),
    machine,
    tookSeconds: Math.round(tookSeconds),
    ratios: Object.fromEntries(Object.entries(report.figures).map(([name, { med }]) => [name, round(med)])),
    figures: report.figures,
    bars,
    notes: report.notes,
    rows: report.rows,
  };
}

/** Lines of the files of results by their name without ending. */
export function toLines(machine: Machine, rows: readonly ResultRow[]): ReadonlyMap<string, string> {
  const byBench = Map.groupBy(rows, ({ bench }) => bench);
  const { node, commit, loadBefore } = machine;
  return new Map(
    [...byBench].map(([bench, own]) => [
      bench,
      own.map((row) => `${JSON.stringify({ ...row, node, commit, loadBefore })}\n`).join(""),
    ]),
  );
}

/** Three digits, since the fourth is noise. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
