/** The report of a chaos run and its verdict: what became of the calls under each fault. Pure. */
import { sumCounts, type Counts } from "./tally.ts";

/** One fault and its calls. `unsettled`: why the replicas did not come to know what is there; null where they did. */
export interface FaultReport {
  readonly name: string;
  readonly what: string;
  readonly counts: Counts;
  readonly unsettled: string | null;
}

/** What a whole run gives. */
export interface ChaosReport {
  readonly seconds: number;
  readonly faults: readonly FaultReport[];
  /** What clients did beside calls: sessions begun, streams opened. */
  readonly clients: Readonly<Record<string, number>>;
  /** What the replicas counted: requests that were passed on, sessions that were taken over. */
  readonly replicas: Readonly<Record<string, number>>;
}

/** What is wrong with a run; nothing where every call was answered and every fault was overcome. */
export function findProblems({ faults, replicas }: ChaosReport): readonly string[] {
  const problems = faults.flatMap(({ name, counts, unsettled }) => [
    ...(counts.sent === 0 ? [`${name}: no call was sent`] : []),
    ...(counts.lost > 0 ? [`${name}: ${counts.lost} of ${counts.sent} calls were lost`] : []),
    ...(counts.sent === counts.answered + counts.lost ? [] : [`${name}: the counts do not add up`]),
    ...(unsettled === null ? [] : [`${name}: ${unsettled}`]),
  ]);
  if (faults.length === 0) problems.push("nothing was done to the programs");
  // Else the load has not met what it was made for.
  if ((replicas["requests passed on"] ?? 0) === 0) problems.push("no request was passed on between replicas");
  return problems;
}

const columns = ["sent", "answered", "retried", "refused", "lost", "longest"] as const;

/** The report for people, at most 80 columns wide but for the reasons. */
export function formatChaos(report: ChaosReport): string {
  const { seconds, faults, clients, replicas } = report;
  const problems = findProblems(report);
  const total = sumCounts(faults.map(({ counts }) => counts));
  const rows = [
    formatRow("fault", [...columns]),
    ...faults.map(({ name, counts }) => formatRow(name, describeCounts(counts))),
    formatRow("all", describeCounts(total)),
  ];
  return [
    `${seconds.toFixed(0)} s under load`,
    "",
    ...rows,
    "",
    ...formatReasons("refused, and tried again", faults, ({ refused }) => refused),
    ...formatReasons("lost", faults, ({ lostBy }) => lostBy),
    "clients and replicas",
    ...formatCounts({ ...clients, ...replicas }),
    "",
    ...(problems.length === 0 ? ["No call was lost."] : problems.map((problem) => `FAILED: ${problem}`)),
  ].join("\n");
}

function describeCounts(counts: Counts): readonly string[] {
  const { sent, answered, retried, refused, lost, longestMs } = counts;
  const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
  return [sent, answered, retried, refusals, lost].map(String).concat(`${(longestMs / 1_000).toFixed(1)} s`);
}

function formatRow(name: string, cells: readonly string[]): string {
  return name.padEnd(16) + cells.map((cell) => cell.padStart(9)).join("");
}

function formatReasons(
  title: string,
  faults: readonly FaultReport[],
  of: (counts: Counts) => Readonly<Record<string, number>>,
): readonly string[] {
  const lines = faults.flatMap(({ name, counts }) =>
    Object.entries(of(counts)).map(([why, count]) => `${String(count).padStart(6)}  ${name.padEnd(16)} ${why}`),
  );
  return lines.length === 0 ? [] : [title, ...lines, ""];
}

function formatCounts(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).map(([what, count]) => `${String(count).padStart(6)}  ${what}`);
}
