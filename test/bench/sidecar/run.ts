/** Runs the cases of a plan, and those again whose bars were not met: with the subjects that these bars name, and no others. */
import { abortsCase } from "./aborts.ts";
import { listBars } from "./bars.ts";
import { pinSelf } from "./cores.ts";
import { latencyCases } from "./latency.ts";
import { microCase } from "./micro.ts";
import type { BenchCase, BenchPlan, CaseResult } from "./plan.ts";
import { withStage, type Stage } from "./stage.ts";
import { startupCase } from "./startup.ts";
import { streamsCase } from "./streams.ts";
import { createTally, type BenchReport, type JudgedBar, type Tally } from "./tally.ts";
import { throughputCases } from "./throughput.ts";

/** Those in which other people's proxies are measured stand side by side: these keep running from one to the next. */
const isWithGuests = ({ guests = [] }: BenchCase): boolean => guests.length > 0;

/** All cases, in the order in which they are measured. */
const benchCases: readonly BenchCase[] = [
  startupCase,
  ...[...throughputCases, ...latencyCases].toSorted((a, b) => Number(isWithGuests(a)) - Number(isWithGuests(b))),
  microCase,
  abortsCase,
  streamsCase,
];

/** Names of all cases. */
export const caseNames: readonly string[] = benchCases.map(({ name }) => name);

/** One try of a case, before it is made. */
export interface Attempt {
  readonly name: string;
  /** Whether it is the second try. */
  readonly isAgain: boolean;
  readonly expectedSeconds: number;
}

/** What one try of a case gave. */
export interface Outcome {
  readonly result: CaseResult;
  /** Those that it was to meet. */
  readonly bars: readonly JudgedBar[];
  /** Whether a bar that was not met has another try. */
  readonly isTriedAgain: boolean;
}

/** Hears what happens. */
export interface RunListener {
  /** Tries begin: those of all cases, then second ones. */
  readonly onTries: (attempts: readonly Attempt[]) => void;
  readonly onBegin: (attempt: Attempt) => void;
  readonly onProgress: (text: string) => void;
  /** `soFar`: all that has been found. */
  readonly onEnd: (attempt: Attempt, outcome: Outcome, soFar: BenchReport) => void;
}

/** Runs it; what it starts has ended when it returns. */
export async function benchSidecar(plan: Omit<BenchPlan, "onProgress">, listener: RunListener): Promise<BenchReport> {
  const full: BenchPlan = { ...plan, onProgress: listener.onProgress };
  full.onProgress("bundling");
  pinSelf();
  return withStage(async (stage) => {
    const tally = createTally(listBars(plan.streams).filter((bar) => plan.cases.includes(bar.case)));
    const chosen = benchCases.filter(({ name }) => plan.cases.includes(name));
    await runTries(
      { stage, tally, listener },
      chosen.map((each) => planTry(each, full, false)),
      plan.tries > 1,
    );
    if (plan.tries === 1) return tally.report();
    const again = chosen.flatMap((each) => {
      const unmet = tally.unmet(each.name);
      return unmet.length === 0 ? [] : [planTry(each, narrowPlan(full, unmet), true)];
    });
    await runTries({ stage, tally, listener }, again, false);
    return tally.report();
  });
}

/** A case with the plan by which it is measured. */
interface Try {
  readonly measured: BenchCase;
  readonly plan: BenchPlan;
  readonly attempt: Attempt;
}

function planTry(measured: BenchCase, plan: BenchPlan, isAgain: boolean): Try {
  return { measured, plan, attempt: { name: measured.name, isAgain, expectedSeconds: measured.expectSeconds(plan) } };
}

interface Run {
  readonly stage: Stage;
  readonly tally: Tally;
  readonly listener: RunListener;
}

async function runTries({ stage, tally, listener }: Run, tries: readonly Try[], isTriedAgain: boolean): Promise<void> {
  if (tries.length === 0) return;
  listener.onTries(tries.map(({ attempt }) => attempt));
  for (const [at, { measured, plan, attempt }] of tries.entries()) {
    listener.onBegin(attempt);
    const result = await runCase(measured, stage, plan);
    const bars = tally.add(measured.name, result);
    listener.onEnd(attempt, { result, bars, isTriedAgain }, tally.report());
    const later = new Set(tries.slice(at + 1).flatMap((each) => each.measured.guests ?? []));
    for (const guest of measured.guests ?? []) if (!later.has(guest)) await stage.end(guest);
  }
}

/** The plan of a second try: the figures whose bars were not met, and the numbers of streams that these are about. */
function narrowPlan(
  plan: BenchPlan,
  unmet: readonly { readonly figure: string; readonly streams?: number }[],
): BenchPlan {
  const about = new Set(unmet.map(({ streams }) => streams));
  return {
    ...plan,
    figures: new Set(unmet.map(({ figure }) => figure)),
    streams: plan.streams.filter((count) => about.has(count)),
  };
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
