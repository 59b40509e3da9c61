/** What the benchmark of the aggregator found, beside its bars: as data and as text. Pure. A ratio of 1 or more meets a bar on time or memory. */

/** One question. `ratio`: to what it is compared with; `bar`: the least ratio that is right. */
export interface AggregatorRow {
  readonly name: string;
  readonly question: string;
  readonly ours: string;
  readonly beside: string;
  readonly ratio: number;
  readonly bar: number;
}

/** How a row is judged: on a busy machine a bar that is missed says nothing. */
export type AggregatorVerdict = "met" | "not met" | "inconclusive";

/** Judges one row. */
export function judgeRow({ ratio, bar }: AggregatorRow, isBusy: boolean): AggregatorVerdict {
  if (ratio >= bar) return "met";
  return isBusy ? "inconclusive" : "not met";
}

/** The middle of several figures; of none there is none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new RangeError("a median needs a figure");
  return (low + high) / 2;
}

/** The report as text. `about`: what it ran on. */
export function formatRows(about: string, rows: readonly AggregatorRow[], isBusy: boolean): string {
  const head = ["question", "ours", "beside", "ratio", "bar", ""];
  const cells = rows.map((row) => [
    ...[row.question, row.ours, row.beside, row.ratio.toFixed(2), `>= ${row.bar.toFixed(2)}`],
    judgeRow(row, isBusy),
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...cells.map((line) => line[at]?.length ?? 0)));
  const layOut = (line: readonly string[]): string =>
    line
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  const met = rows.filter((row) => judgeRow(row, isBusy) === "met").length;
  const busy = isBusy ? "; the machine was busy: what was missed is inconclusive" : "";
  const table = [head, widths.map((width) => "-".repeat(width)), ...cells].map(layOut).join("\n");
  return `${about}\n\n${table}\n\n${met} of ${rows.length} bars met${busy}`;
}
