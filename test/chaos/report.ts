/** The report of a chaos run and its verdict: calls sent, answered and lost, what sessions had to do, and what was done to the programs. Pure. */
import type { Counts } from "./tally.ts";

/** Something that was done to the programs, in seconds after the begin. */
export interface Event {
  readonly atSeconds: number;
  readonly what: string;
}

/** What a whole run gives. */
export interface ChaosReport {
  readonly seconds: number;
  readonly events: readonly Event[];
  /** By kind of clients. */
  readonly clients: Readonly<Record<string, Counts>>;
  /** What the replicas counted: requests that were passed on, sessions that were taken over. */
  readonly replicas: Readonly<Record<string, number>>;
}

/** What is wrong with a run; nothing where every call was answered and all was tried. */
export function findProblems({ clients, events, replicas }: ChaosReport): readonly string[] {
  const problems = Object.entries(clients).flatMap(([kind, { sent, lost, answered }]) => [
    ...(sent === 0 ? [`${kind} clients sent nothing`] : []),
    ...(lost > 0 ? [`${kind} clients lost ${lost} of ${sent} calls`] : []),
    ...(sent === answered + lost ? [] : [`${kind} clients: ${sent} sent is not ${answered} answered and ${lost} lost`]),
  ]);
  if (events.length === 0) problems.push("nothing was done to the programs");
  // Else the load has not met what it was made for.
  if ((replicas["requests passed on"] ?? 0) === 0) problems.push("no request was passed on between replicas");
  return problems;
}

/** The report for people. */
export function formatChaos(report: ChaosReport): string {
  const { seconds, events, clients, replicas } = report;
  const problems = findProblems(report);
  return [
    `${seconds.toFixed(0)} s under load`,
    "",
    ...events.map(({ atSeconds, what }) => `${atSeconds.toFixed(1).padStart(6)} s  ${what}`),
    "",
    ...Object.entries(clients).flatMap(([kind, counts]) => formatClients(kind, counts)),
    "replicas",
    ...formatCounts(replicas),
    "",
    ...(problems.length === 0 ? ["No call was lost."] : problems.map((problem) => `FAILED: ${problem}`)),
  ].join("\n");
}

function formatClients(kind: string, counts: Counts): readonly string[] {
  const { sent, answered, atOnce, lost, longestMs, failed, lostBy, done } = counts;
  return [
    `${kind} clients`,
    ...formatCounts({ "calls sent": sent, "calls answered": answered, "of them at the first attempt": atOnce }),
    ...formatCounts({ "calls lost": lost, ...prefix("lost: ", lostBy) }),
    ...formatCounts({ "longest time to an answer, ms": Math.round(longestMs) }),
    ...formatCounts({ ...prefix("attempt failed: ", failed), ...done }),
    "",
  ];
}

function prefix(by: string, counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([key, count]) => [by + key, count]));
}

function formatCounts(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).map(([what, count]) => `${String(count).padStart(8)}  ${what}`);
}
