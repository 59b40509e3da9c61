/** The sentences around the tables: what was run, on what, and how the bars stand. Pure. */
import type { Machine } from "../machine.ts";
import { formatSeconds } from "./forecast.ts";
import type { BenchReport } from "../sidecar/tally.ts";

/** What was run. `flags`: Node's, of every subject. */
export interface RunFacts {
  readonly command: string;
  readonly flags: readonly string[];
  readonly isPinned: boolean;
  readonly rounds: number;
  readonly seconds: number;
  readonly tookSeconds: number;
  /** What came to its end where the run was ended before its own; absent where all did. */
  readonly part?: string;
  /** The version of the cluster that was measured beside. */
  readonly clusterVersion?: string;
  /** Day on which it was run, such as 2030-01-31. */
  readonly day: string;
}

/** The head of a report. */
export function describeRun(machine: Machine, facts: RunFacts): readonly string[] {
  const { flags, rounds, seconds, part, clusterVersion } = facts;
  const kubernetes = clusterVersion === undefined ? "" : `, Kubernetes ${clusterVersion}`;
  const { node, cpu, cores, memoryGiB, kernel, commit, loadBefore, loadAfter } = machine;
  return [
    ...(part === undefined ? [] : [`ONLY A PART: ${part}`]),
    `${facts.command}, ${facts.day}, commit ${commit}, Node ${node}${flags.length === 0 ? "" : ` with ${flags.join(" ")}`}${kubernetes}`,
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, ${facts.isPinned ? "pinned to cores" : "unpinned"}`,
    `load average ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after; ${rounds} rounds of ${seconds} s where the tables say no other number; took ${formatSeconds(facts.tookSeconds)}; compare within this run only`,
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
