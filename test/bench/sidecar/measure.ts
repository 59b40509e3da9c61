/**
 * Measures subjects in turn: warm-up until the cost stops falling, then rounds A B B A, so that a busy minute meets all of them. A window
 * that others disturbed is measured again at once, while there are any to spare and it helps.
 */
import { withConnections } from "../load/connection.ts";
import { runClosed } from "../load/run.ts";
import { disturbance, type Comparison, type Sample } from "../stats/rounds.ts";
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

/** Measures the capacity of one subject for some seconds. */
export async function sampleCapacity(stage: Stage, { subject, load }: Entry, seconds: number): Promise<Sample> {
  return withConnections({ target: subject, load, connections: load.connections }, async (opened) => {
    const finish = startMeter(stage, subject);
    const run = await runClosed(opened, seconds);
    const { cpuUs, ...use } = finish();
    return { ...use, cpuUs: cpuUs / run.answered, callsPerSecond: run.answered / run.seconds };
  });
}

/** Seconds of one window of a warm-up: of a subject that has answered nothing yet, and of one that is warm for other requests. */
const firstWarmUpSeconds = 1;
const nextWarmUpSeconds = 0.5;
const agreeingWindows = 2;
const usualWarmUpSeconds = 3;

/**
 * Code is compiled in stages while it runs: measured earlier, the subject with more of it would look worse than it is. A subject is
 * warm when two windows in a row cost no less than 0.97 of the best one before. Once is enough for each load.
 */
export async function warmUp(stage: Stage, entry: Entry, mostSeconds: number): Promise<void> {
  const { pid } = entry.subject;
  const key = `${pid} ${entry.load.name}`;
  if (stage.warm.has(key)) return;
  const isNew = ![...stage.warm].some((each) => each.startsWith(`${pid} `));
  const seconds = isNew ? firstWarmUpSeconds : nextWarmUpSeconds;
  let best = Number.POSITIVE_INFINITY;
  for (let spent = 0, steady = 0; spent < mostSeconds && steady < agreeingWindows; spent += seconds) {
    const { cpuUs } = await sampleCapacity(stage, entry, seconds);
    steady = cpuUs < 0.97 * best ? 0 : steady + 1;
    best = Math.min(best, cpuUs);
  }
  stage.warm.add(key);
}

/** Has a subject be warmed up again: code that was compiled for what it did so far is compiled anew when it begins something else. */
export function forgetWarmth(stage: Stage, { pid }: Subject): void {
  for (const key of stage.warm) if (key.startsWith(`${pid} `)) stage.warm.delete(key);
}

/** About how long the warm-up of one subject takes on a quiet machine. */
export function expectWarmUpSeconds({ mostWarmUpSeconds }: Pick<BenchPlan, "mostWarmUpSeconds">): number {
  return Math.min(mostWarmUpSeconds, usualWarmUpSeconds);
}

/** What rounds are made of. `sample` measures one entry for one window; `disturbance` is above 0 where that says little. */
export interface TurnsOptions<E extends { readonly subject: Pick<Subject, "name"> }, S> {
  readonly title: string;
  readonly entries: readonly E[];
  readonly sample: (entry: E) => Promise<S>;
  readonly disturbance: (sample: S, entry: E) => number;
}

/** Measures the rounds of a plan. Gives the samples of each round by the subject's name. */
export async function takeTurns<E extends { readonly subject: Pick<Subject, "name"> }, S>(
  options: TurnsOptions<E, S>,
  plan: Pick<BenchPlan, "rounds" | "extraRounds" | "onProgress">,
): Promise<readonly ReadonlyMap<string, S>[]> {
  const rounds: ReadonlyMap<string, S>[] = [];
  let spare = plan.extraRounds * options.entries.length;
  // Where the second window was disturbed, too, the machine is busy for longer: that is not waited out.
  let isBusy = false;
  const sampleOnceOrTwice = async (entry: E): Promise<S> => {
    const first = await options.sample(entry);
    const before = options.disturbance(first, entry);
    if (before === 0 || spare === 0 || isBusy) return first;
    spare--;
    const second = await options.sample(entry);
    const after = options.disturbance(second, entry);
    isBusy = after > 0;
    return after < before ? second : first;
  };
  while (rounds.length < plan.rounds) {
    plan.onProgress(`${options.title}: round ${rounds.length + 1} of ${plan.rounds}`);
    isBusy = false;
    const order = rounds.length % 2 === 0 ? options.entries : options.entries.toReversed();
    const round = new Map<string, S>();
    for (const entry of order) round.set(entry.subject.name, await sampleOnceOrTwice(entry));
    rounds.push(round);
  }
  return rounds;
}

/** Rounds of capacity. Only what is compared is worth a second window. */
export interface RoundsOptions<E extends { readonly subject: Subject }, S extends Sample> {
  readonly title: string;
  readonly entries: readonly E[];
  readonly comparisons: readonly Comparison[];
  readonly sample: (entry: E) => Promise<S>;
}

/** Measures rounds of capacity. */
export function measureRounds<E extends { readonly subject: Subject }, S extends Sample>(
  { comparisons, ...options }: RoundsOptions<E, S>,
  plan: Pick<BenchPlan, "rounds" | "extraRounds" | "onProgress">,
): Promise<readonly ReadonlyMap<string, S>[]> {
  const compared = new Set(comparisons.flatMap(({ of, by }) => [of, by]));
  return takeTurns(
    { ...options, disturbance: (sample, { subject }) => (compared.has(subject.name) ? disturbance(sample) : 0) },
    plan,
  );
}
