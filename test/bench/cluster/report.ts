/** The comparison as text for people, each line with its bar and whether it is met. Pure. */
import { stripVTControlCharacters } from "node:util";
import type { ComparisonRow } from "./rows.ts";

/** What the report says of the machine. Loads are those of the last minute. */
export interface ClusterMachine {
  readonly node: string;
  readonly cpu: string;
  readonly kernel: string;
  readonly commit: string;
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly clusterVersion: string;
}

/** Whether the text may carry colour. */
export type Paint = "colour" | "plain";

const head = ["question", "without us", "ours", "bar", ""] as const;
const colours = { met: 32, "not met": 31, inconclusive: 33 } as const;

/** The whole report. */
export function formatComparison(
  machine: ClusterMachine,
  { rows, failures }: { readonly rows: readonly ComparisonRow[]; readonly failures: readonly string[] },
  paint: Paint,
): string {
  const lines = rows.map(({ question, without, ours, bar, verdict }) => [
    question,
    without,
    ours,
    bar,
    verdict === undefined || paint === "plain" ? (verdict ?? "") : `\u001b[${colours[verdict]}m${verdict}\u001b[0m`,
  ]);
  const judged = rows.filter(({ verdict }) => verdict !== undefined);
  const met = judged.filter(({ verdict }) => verdict === "met").length;
  const unsure = judged.filter(({ verdict }) => verdict === "inconclusive").length;
  const summary = `${met} of ${judged.length} bars met${unsure === 0 ? "" : `, ${unsure} inconclusive: the machine was busy`}`;
  return [
    [
      `commit ${machine.commit}, Node ${machine.node}, ${machine.cpu}, Linux ${machine.kernel}, Kubernetes ${machine.clusterVersion}`,
      `load average ${machine.loadBefore.toFixed(1)} before, ${machine.loadAfter.toFixed(1)} after; compare within this run only`,
    ].join("\n"),
    layOut(lines),
    [summary, ...failures.map((failure) => `not measured: ${failure}`)].join("\n"),
  ].join("\n\n");
}

function layOut(rows: readonly (readonly string[])[]): string {
  const width = (text: string): number => stripVTControlCharacters(text).length;
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => width(row[at] ?? ""))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - width(cell)))
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((each) => "-".repeat(each))), ...rows.map(line)].join("\n");
}
