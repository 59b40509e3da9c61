/** Decides what the sidecar lost and what the fixture itself lost since the baseline. Pure: it sees results, never a program. */
import { isPassed, type Check, type SuiteResults } from "./results.ts";

/** One line of the report: passed scored scenarios, and what passed directly but not through the sidecar. */
export interface Row {
  version: string;
  direct: number;
  /** Null when no sidecar was measured. */
  sidecar: number | null;
  total: number;
  /** Names of scenarios, or `scenario:check` where only single checks were lost. Sorted. */
  lost: string[];
}

/** What one suite gave on one specification version. */
export interface Measurement {
  version: string;
  scored: readonly string[];
  direct: SuiteResults;
  sidecar?: SuiteResults;
}

/** Returns the report line of one measurement. */
export function compareRuns({ version, scored, direct, sidecar }: Measurement): Row {
  return {
    version,
    direct: passedScenarios(scored, direct).length,
    sidecar: sidecar === undefined ? null : passedScenarios(scored, sidecar).length,
    total: scored.length,
    lost: sidecar === undefined ? [] : [...direct.keys()].sort().flatMap((name) => findLost(name, direct, sidecar)),
  };
}

/** Returns the names in `scored` that passed, sorted. */
export function passedScenarios(scored: readonly string[], results: SuiteResults): string[] {
  return scored.filter((name) => isPassed(results.get(name))).sort();
}

/** Scenarios that are not scored count too, and so do single checks: a sidecar may not lose even what only earns a warning. */
function findLost(name: string, direct: SuiteResults, sidecar: SuiteResults): string[] {
  if (isPassed(direct.get(name)) && !isPassed(sidecar.get(name))) return [name];
  const before = countSuccesses(direct.get(name) ?? []);
  const after = countSuccesses(sidecar.get(name) ?? []);
  return [...before].filter(([id, count]) => (after.get(id) ?? 0) < count).map(([id]) => `${name}:${id}`);
}

function countSuccesses(checks: readonly Check[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { id, status } of checks) {
    if (status === "SUCCESS") counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}
