/** Decides what the sidecar lost and what the fixture itself lost since the baseline. Pure: it sees results, never a program. */
import { isPassed, type Check, type SuiteResults } from "./results.ts";

/** One line of the report: passed scored scenarios, and what passed directly but not through the sidecar. */
export interface Row {
  version: string;
  direct: number;
  /** Null when no sidecar was measured. */
  sidecar: number | null;
  /** The same of a sidecar with a policy in force. */
  policy: number | null;
  total: number;
  /** Names of scenarios, or `scenario:check` where only single checks were lost; behind them ` (policy)` where it was lost with a policy only. Sorted. */
  lost: string[];
}

/** What one suite gave on one specification version. */
export interface Measurement {
  version: string;
  scored: readonly string[];
  direct: SuiteResults;
  sidecar?: SuiteResults;
  policy?: SuiteResults;
}

/** Returns the report line of one measurement. `second`: how the last run is called behind what it alone lost. */
export function compareRuns({ version, scored, direct, sidecar, policy }: Measurement, second = "policy"): Row {
  const count = (results: SuiteResults | undefined): number | null =>
    results === undefined ? null : passedScenarios(scored, results).length;
  const lost = findLost(direct, sidecar);
  const lostByPolicy = findLost(direct, policy).filter((name) => !lost.includes(name));
  return {
    version,
    direct: passedScenarios(scored, direct).length,
    sidecar: count(sidecar),
    policy: count(policy),
    total: scored.length,
    lost: [...lost, ...lostByPolicy.map((name) => `${name} (${second})`)].sort(),
  };
}

/** Returns the names in `scored` that passed, sorted. */
export function passedScenarios(scored: readonly string[], results: SuiteResults): string[] {
  return scored.filter((name) => isPassed(results.get(name))).sort();
}

function findLost(direct: SuiteResults, other: SuiteResults | undefined): string[] {
  return other === undefined ? [] : [...direct.keys()].sort().flatMap((name) => findLostOf(name, direct, other));
}

/** Scenarios that are not scored count too, and so do single checks: a sidecar may not lose even what only earns a warning. */
function findLostOf(name: string, direct: SuiteResults, other: SuiteResults): string[] {
  if (isPassed(direct.get(name)) && !isPassed(other.get(name))) return [name];
  const before = countSuccesses(direct.get(name) ?? []);
  const after = countSuccesses(other.get(name) ?? []);
  return [...before].filter(([id, count]) => (after.get(id) ?? 0) < count).map(([id]) => `${name}:${id}`);
}

function countSuccesses(checks: readonly Check[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { id, status } of checks) {
    if (status === "SUCCESS") counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}
