/**
 * Measures subjects in turn: warm-up until the cost stops falling, then rounds A B B A, so that a busy minute meets all of them, and more
 * rounds while too few were left alone.
 */
import { withConnections } from "../load/connection.ts";
import { runClosed } from "../load/run.ts";
import { hasEnough, type Comparison, type Round, type Sample } from "../stats/rounds.ts";
import type { BenchLoad } from "./loads.ts";
import { startMeter } from "./meter.ts";
import type { BenchPlan } from "./plan.ts";
import type { Stage } from "./stage.ts";
import type { Subject } from "./subject.ts";

/** A subject under a kind of request. */
export interface Entry {
  readonly subject: Subject;
  readonly load: BenchLoad;
}

const connections = 32;

/** Measures the capacity of one subject for some seconds. */
export async function sampleCapacity(stage: Stage, { subject, load }: Entry, seconds: number): Promise<Sample> {
  return withConnections({ target: subject, load, connections }, async (opened) => {
    const finish = startMeter(stage, subject);
    const run = await runClosed(opened, seconds);
    const { cpuUs, ...use } = finish();
    return { ...use, cpuUs: cpuUs / run.answered, callsPerSecond: run.answered / run.seconds };
  });
}

/**
 * Code is compiled in stages while it runs: measured earlier, the subject with more of it would look worse than it is. A subject is
 * warm when a second costs no less than 0.97 of the best one before, three times in a row. Once is enough for each load.
 */
export async function warmUp(stage: Stage, entry: Entry, mostSeconds: number): Promise<void> {
  const key = `${entry.subject.pid} ${entry.load.name}`;
  if (stage.warm.has(key)) return;
  let best = Number.POSITIVE_INFINITY;
  for (let second = 0, steady = 0; second < mostSeconds && steady < 3; second++) {
    const { cpuUs } = await sampleCapacity(stage, entry, 1);
    steady = cpuUs < 0.97 * best ? 0 : steady + 1;
    best = Math.min(best, cpuUs);
  }
  stage.warm.add(key);
}

/** What rounds are made of. `sample` measures one entry; the comparisons say whose rounds have to be clean. */
export interface RoundsOptions<E extends { readonly subject: Subject }> {
  readonly title: string;
  readonly entries: readonly E[];
  readonly comparisons: readonly Comparison[];
  readonly sample: (entry: E) => Promise<Sample>;
}

/** Measures the rounds of a plan, and extra ones while too few are clean. */
export async function measureRounds<E extends { readonly subject: Subject }>(
  options: RoundsOptions<E>,
  plan: BenchPlan,
): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  const most = plan.rounds + plan.extraRounds;
  while (
    rounds.length < plan.rounds ||
    (rounds.length < most && !hasEnough(rounds, options.comparisons, plan.rounds))
  ) {
    plan.onProgress(`${options.title}: round ${rounds.length + 1} of ${plan.rounds}`);
    const order = rounds.length % 2 === 0 ? options.entries : options.entries.toReversed();
    const round = new Map<string, Sample>();
    for (const entry of order) round.set(entry.subject.name, await options.sample(entry));
    rounds.push(round);
  }
  return rounds;
}
