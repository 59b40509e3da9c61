/** The sentences around the tables: what was run, on what, and how the bars stand. Pure. */
import type { Machine } from "../machine.ts";
import type { BenchReport } from "../sidecar/run.ts";

/** What was run. `flags`: Node's, of every subject. */
export interface RunFacts {
  readonly command: string;
  readonly flags: readonly string[];
  readonly isPinned: boolean;
  readonly rounds: number;
  readonly seconds: number;
  /** Day on which it was run, such as 2030-01-31. */
  readonly day: string;
}

/** The head of a report. */
export function describeRun(machine: Machine, facts: RunFacts): readonly string[] {
  const { node, cpu, cores, memoryGiB, kernel, commit, loadBefore, loadAfter } = machine;
  return [
    `${facts.command}, ${facts.day}, commit ${commit}, Node ${node} with ${facts.flags.join(" ")}`,
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, ${facts.isPinned ? "pinned to cores" : "unpinned"}`,
    `load average ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after; ${facts.rounds} rounds of ${facts.seconds} s; compare within this run only`,
  ];
}

/** How the bars stand, in one sentence. */
export function summarize({ bars }: BenchReport): string {
  const count = (verdict: string): number => bars.filter((bar) => bar.verdict === verdict).length;
  const rest = [
    ...(count("missed") === 0 ? [] : [`${count("missed")} missed`]),
    ...(count("inconclusive") === 0 ? [] : [`${count("inconclusive")} inconclusive`]),
  ];
  return [`${count("met")} of ${bars.length} bars met`, ...rest].join(", ");
}
