/** Runs the cases of a benchmark, and those again whose bars were not met, with no more than what these bars need. */
import type { BenchCase, CasePlan, CaseResult } from "./sidecar/plan.ts";
import { createTally, type BenchReport, type CaseBar, type JudgedBar, type Tally } from "./sidecar/tally.ts";

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

/** What cases stand on. */
interface CaseStage {
  /** Programs that have ended by themselves, a sentence each. */
  readonly ended: () => readonly string[];
}

/** What is run. */
export interface Benchmark<S extends CaseStage, P extends CasePlan> {
  /** All cases, in the order in which they are measured. */
  readonly cases: readonly BenchCase<S, P>[];
  readonly bars: readonly CaseBar[];
  readonly plan: P;
  readonly stage: S;
  /** The plan of a second try: of what is needed for the bars that were not met. */
  readonly narrow: (plan: P, unmet: readonly CaseBar[]) => P;
  /** Called when a case has ended. `later`: those that come. */
  readonly onCaseEnd?: (ended: BenchCase<S, P>, later: readonly BenchCase<S, P>[]) => Promise<void>;
}

/** Runs the cases that the plan names. */
export async function runCases<S extends CaseStage, P extends CasePlan>(
  benchmark: Benchmark<S, P>,
  listener: RunListener,
): Promise<BenchReport> {
  const { cases, bars, plan, narrow } = benchmark;
  const tally = createTally(bars.filter((bar) => plan.cases.includes(bar.case)));
  const chosen = cases.filter(({ name }) => plan.cases.includes(name));
  await runTries(
    { benchmark, tally, listener },
    chosen.map((each) => planTry(each, plan, false)),
    plan.tries > 1,
  );
  if (plan.tries === 1) return tally.report();
  const again = chosen.flatMap((each) => {
    const unmet = tally.unmet(each.name);
    return unmet.length === 0 ? [] : [planTry(each, narrow(plan, unmet), true)];
  });
  await runTries({ benchmark, tally, listener }, again, false);
  return tally.report();
}

/** A case with the plan by which it is measured. */
interface Try<S, P> {
  readonly measured: BenchCase<S, P>;
  readonly plan: P;
  readonly attempt: Attempt;
}

function planTry<S, P>(measured: BenchCase<S, P>, plan: P, isAgain: boolean): Try<S, P> {
  return { measured, plan, attempt: { name: measured.name, isAgain, expectedSeconds: measured.expectSeconds(plan) } };
}

interface Run<S extends CaseStage, P extends CasePlan> {
  readonly benchmark: Benchmark<S, P>;
  readonly tally: Tally;
  readonly listener: RunListener;
}

async function runTries<S extends CaseStage, P extends CasePlan>(
  { benchmark, tally, listener }: Run<S, P>,
  tries: readonly Try<S, P>[],
  isTriedAgain: boolean,
): Promise<void> {
  if (tries.length === 0) return;
  listener.onTries(tries.map(({ attempt }) => attempt));
  for (const [at, { measured, plan, attempt }] of tries.entries()) {
    listener.onBegin(attempt);
    const result = await runCase(measured, benchmark.stage, plan);
    const bars = tally.add(measured.name, result);
    listener.onEnd(attempt, { result, bars, isTriedAgain }, tally.report());
    const later = tries.slice(at + 1).map((each) => each.measured);
    await benchmark.onCaseEnd?.(measured, later);
  }
}

/** A case that can't be measured leaves its figures out, with the reason; the others stand. */
async function runCase<S extends CaseStage, P>(each: BenchCase<S, P>, stage: S, plan: P): Promise<CaseResult> {
  try {
    return await each.run(stage, plan);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { rows: [], figures: {}, notes: [`${each.name} was not measured: ${why}`, ...stage.ended()] };
  }
}
