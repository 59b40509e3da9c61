/** How cases of the aggregator are measured: subjects that take turns, and single moments with how busy the machine was meanwhile. */
import { watchCore } from "../sidecar/cores.ts";
import { takeTurns } from "../sidecar/measure.ts";
import type { ResultRow } from "../sidecar/plan.ts";
import { mostOthers, type Figure } from "../stats/rounds.ts";
import { spread } from "../stats/series.ts";
import { compareWindows, followSubject, type Rounds } from "../webhook/measure.ts";
import { sampleWindow, type Entry, type Window } from "./load.ts";
import type { AggregatorPlan } from "./plan.ts";
import type { AggregatorStage } from "./stage.ts";

/** Warms all entries up and measures their rounds. */
export async function measureEntries(
  stage: Pick<AggregatorStage, "pids">,
  { title, entries }: { readonly title: string; readonly entries: readonly Entry[] },
  plan: AggregatorPlan,
): Promise<Rounds<Window>> {
  plan.onProgress(`${title}: warming up`);
  for (const entry of entries) await sampleWindow(stage.pids(), entry, plan.mostWarmUpSeconds / 2);
  return takeTurns(
    {
      ...{ title, entries },
      sample: (entry) => sampleWindow(stage.pids(), entry, plan.seconds),
      disturbance: ({ disturbance }) => disturbance,
    },
    plan,
  );
}

/** Capacity of one subject in relation to another's: calls per second of CPU. */
export function compareCapacity(rounds: Rounds<Window>, pair: { readonly of: string; readonly by: string }): Figure {
  return compareWindows(rounds, { of: pair.by, by: pair.of }, ({ cpuUs }) => cpuUs);
}

/** One line for each subject. */
export function describeRows(rounds: Rounds<Window>, caseName: string, names: readonly string[]): readonly ResultRow[] {
  return names.map((subject) => {
    const { rounds: counted, ...cpuUs } = followSubject(rounds, subject, (window) => window.cpuUs);
    const callsPerSecond = followSubject(rounds, subject, ({ perSecond }) => perSecond);
    return {
      ...{ bench: "aggregator-load", case: caseName, subject, rounds: counted, clean: cpuUs.clean },
      ...{ callsPerSecond, cpuUs },
    };
  });
}

/** Watches the machine; the function that it gives says whether others left it alone, beside so many microseconds of ours. */
export function watchQuiet(): (oursUs: number) => boolean {
  const readOthers = watchCore();
  return (oursUs) => readOthers(oursUs) <= mostOthers;
}

/** A figure of single moments. Not clean: others were at work then. */
export function figureOf(values: readonly number[], clean: boolean): Figure {
  return { ...spread(values), clean };
}
