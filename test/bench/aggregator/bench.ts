/** Runs the cases of the aggregator one after another. One that can't be measured is told, and the others go on. */
import type { Progress } from "../../cluster/progress.ts";
import { aggregatorCases, type AggregatorPlan } from "./cases.ts";
import type { AggregatorRow } from "./rows.ts";
import type { Ends } from "./stage.ts";

/** The whole benchmark, and the look while something is changed. */
export const fullAggregatorPlan: AggregatorPlan = {
  ...{ rounds: 5, seconds: 4, connections: 32, sessions: 10_000, pods: 1_000, changes: 20 },
};
export const quickAggregatorPlan: AggregatorPlan = {
  ...{ rounds: 3, seconds: 1, connections: 32, sessions: 1_000, pods: 1_000, changes: 5 },
};

/** What was found, and a sentence for each case that could not be measured. */
export interface AggregatorFindings {
  readonly rows: readonly AggregatorRow[];
  readonly failures: readonly string[];
}

/** Measures the named cases; all of them where none is named. */
export async function benchAggregator(
  plan: AggregatorPlan,
  progress: Pick<Progress, "step">,
  names: readonly string[] = [],
): Promise<AggregatorFindings> {
  const rows: AggregatorRow[] = [];
  const failures: string[] = [];
  for (const [name, measure] of Object.entries(aggregatorCases)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const ends: Ends = [];
    try {
      rows.push(await progress.step(`aggregator: ${name}`, () => measure(plan, ends)));
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      for (const end of ends.reverse()) await end();
    }
  }
  return { rows, failures };
}
