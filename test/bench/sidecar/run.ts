/** Runs the cases of a plan, judges their figures, and measures those again whose bars were not met. */
import type { Figure } from "../stats/rounds.ts";
import { judgeFigure, judgeTries, type Verdict } from "../stats/verdict.ts";
import { abortsCase } from "./aborts.ts";
import { listBars, type SidecarBar } from "./bars.ts";
import { pinSelf } from "./cores.ts";
import { latencyCases } from "./latency.ts";
import { microCase } from "./micro.ts";
import type { BenchCase, BenchPlan, CaseResult, ResultRow } from "./plan.ts";
import { withStage, type Stage } from "./stage.ts";
import { startupCase } from "./startup.ts";
import { streamsCase } from "./streams.ts";
import { throughputCases } from "./throughput.ts";

/** All cases, in the order in which they are measured. */
const benchCases: readonly BenchCase[] = [
  startupCase,
  ...throughputCases,
  ...latencyCases,
  microCase,
  abortsCase,
  streamsCase,
];

/** Names of all cases. */
export const caseNames: readonly string[] = benchCases.map(({ name }) => name);

/** A bar with its last figure and what is said of it. */
export interface JudgedBar {
  readonly bar: SidecarBar;
  readonly figure: Figure | undefined;
  readonly verdict: Verdict;
}

/** Everything that a run found. */
export interface BenchReport {
  readonly rows: readonly ResultRow[];
  readonly figures: Readonly<Record<string, Figure>>;
  /** Bars of the cases that were run, and no others. */
  readonly bars: readonly JudgedBar[];
  readonly notes: readonly string[];
  /** Names of the cases that could not be measured; the notes say why. */
  readonly failed: readonly string[];
}

/** Runs it; what it starts has ended when it returns. */
export async function benchSidecar(plan: BenchPlan): Promise<BenchReport> {
  plan.onProgress("bundling");
  pinSelf();
  return withStage(async (stage) => {
    const results = new Map<string, CaseResult>();
    const figures: Record<string, Figure> = {};
    const bars = listBars(plan.streams).filter((bar) => plan.cases.includes(bar.case));
    const tries = new Map<SidecarBar, Verdict[]>(bars.map((bar) => [bar, []]));
    let due = benchCases.filter(({ name }) => plan.cases.includes(name));
    for (let attempt = 0; attempt < plan.tries && due.length > 0; attempt++) {
      for (const each of due) {
        const result = await runCase(each, stage, plan);
        results.set(each.name, result);
        // What has met its bar stands with the figure that met it.
        const settled = new Set(bars.filter((bar) => tries.get(bar)?.includes("met")).map(({ figure }) => figure));
        Object.assign(figures, withoutNames(result.figures, settled));
        for (const bar of bars.filter(({ case: name }) => name === each.name))
          tries.get(bar)?.push(judgeFigure(bar, result.figures[bar.figure]));
      }
      due = due.filter(({ name }) => bars.some((bar) => bar.case === name && !tries.get(bar)?.includes("met")));
    }
    const found = [...results.values()];
    return {
      rows: found.flatMap(({ rows }) => rows),
      figures,
      bars: bars.map((bar) => ({ bar, figure: figures[bar.figure], verdict: judgeTries(tries.get(bar) ?? []) })),
      notes: found.flatMap(({ notes }) => notes),
      failed: [...results]
        .filter(([, { rows, figures: own }]) => rows.length + Object.keys(own).length === 0)
        .map(([name]) => name),
    };
  });
}

/** A case that can't be measured leaves its figures out, with the reason; the others stand. */
async function runCase(each: BenchCase, stage: Stage, plan: BenchPlan): Promise<CaseResult> {
  try {
    return await each.run(stage, plan);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { rows: [], figures: {}, notes: [`${each.name} was not measured: ${why}`, ...stage.ended()] };
  }
}

function withoutNames(
  figures: Readonly<Record<string, Figure>>,
  names: ReadonlySet<string>,
): Readonly<Record<string, Figure>> {
  return Object.fromEntries(Object.entries(figures).filter(([name]) => !names.has(name)));
}
