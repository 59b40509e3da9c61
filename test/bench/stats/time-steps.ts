/** Times steps of a program in its own process, in turn, after a warm-up of each. For programs whose output runSteps reads. */

/** A step; one that gives a promise is awaited. */
type Step = () => void | Promise<void>;

/** A step with its name. */
export type NamedStep = readonly [name: string, step: Step];

/** How often and how long each step is timed. */
export interface StepRounds {
  readonly rounds: number;
  readonly millisecondsPerRound: number;
  /** The clock; absent: time as it passes. */
  readonly nowMs?: () => number;
}

/** CPU time of this process in ms, those of its threads included that collect garbage and compile. */
export function cpuNowMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Gives one line of JSON: nanoseconds per operation by step and round, and the CPU of this process. */
export async function timeSteps(steps: readonly NamedStep[], plan: StepRounds): Promise<string> {
  const times: Record<string, number[]> = Object.fromEntries(steps.map(([name]) => [name, []]));
  const { rounds, millisecondsPerRound: milliseconds, nowMs = () => performance.now() } = plan;
  for (const [, step] of steps) await time(step, 2 * milliseconds, nowMs);
  for (let round = 0; round < rounds; round++) {
    for (const [name, step] of round % 2 === 0 ? steps : steps.toReversed())
      times[name]?.push(await time(step, milliseconds, nowMs));
  }
  return JSON.stringify({ times, cpuUs: cpuNowMs() * 1_000 });
}

/** Nanoseconds of one operation, over at least so many milliseconds. Steps that give no promise are not awaited: that costs more. */
async function time(step: Step, milliseconds: number, nowMs: () => number): Promise<number> {
  const startedMs = nowMs();
  let count = 0;
  let elapsedMs = 0;
  for (let batch = 1; elapsedMs < milliseconds; batch = Math.min(batch * 2, 4_096)) {
    for (let at = 0; at < batch && (batch < 4 || elapsedMs < milliseconds); at++) {
      const pending = step();
      if (pending !== undefined) await pending;
      count++;
    }
    elapsedMs = nowMs() - startedMs;
  }
  return (elapsedMs * 1e6) / count;
}
