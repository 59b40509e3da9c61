/** Time of one call after another on each way, in turns, so that a busy moment meets all of them. */
import { quantile } from "../stats/series.ts";
import { createCaller, type Caller, type Way } from "./caller.ts";

/** Medians over the rounds, in milliseconds. */
export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** The p50 of the calmest round: on a busy machine the median tells of the others' work. */
  readonly calmP50Ms: number;
}

/** How much is measured: every way has a turn of so many seconds in each round, after `warmUpSeconds` before the first. */
export interface LatencyPlan {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** Measures the ways, in their order. Rejects when a call is not answered. */
export async function measureLatency(ways: readonly Way[], plan: LatencyPlan): Promise<readonly Latency[]> {
  const lanes = ways.map((way) => ({
    caller: createCaller(way),
    rounds: [] as { readonly p50Ms: number; readonly p95Ms: number }[],
  }));
  try {
    for (const { caller } of lanes) await timeCalls(caller, plan.warmUpSeconds);
    for (let round = 0; round < plan.rounds; round++) {
      for (const lane of round % 2 === 0 ? lanes : lanes.toReversed()) {
        const sorted = await timeCalls(lane.caller, plan.seconds);
        lane.rounds.push({ p50Ms: quantile(sorted, 0.5), p95Ms: quantile(sorted, 0.95) });
      }
    }
    return lanes.map(({ rounds }) => ({
      p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
      p95Ms: median(rounds.map(({ p95Ms }) => p95Ms)),
      calmP50Ms: Math.min(...rounds.map(({ p50Ms }) => p50Ms)),
    }));
  } finally {
    for (const { caller } of lanes) caller.close();
  }
}

async function timeCalls(caller: Caller, seconds: number): Promise<readonly number[]> {
  const times: number[] = [];
  const endMs = performance.now() + seconds * 1_000;
  for (let startedMs = performance.now(); startedMs < endMs; startedMs = performance.now()) {
    const outcome = await caller.call();
    times.push(performance.now() - startedMs);
    if (outcome.kind !== "answered") throw new Error(`a call was ${outcome.kind}: ${JSON.stringify(outcome)}`);
  }
  return times.sort((a, b) => a - b);
}

/** The median of a series. */
export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
