/**
 * Rounds in which every subject is measured once, in turn. It decides which rounds count: those that nothing disturbed, and where
 * there are too few, the least disturbed. Ratios are taken within a round, since the machine is another one a minute later. Pure.
 */
import { spread, type Spread } from "./series.ts";

/** One subject in one round. */
export interface Sample {
  /** CPU of the subject per call in microseconds. */
  readonly cpuUs: number;
  readonly callsPerSecond: number;
  /** What all that is measured used of its core, 0 to 1. */
  readonly utilisation: number;
  /** What others used of that core, 0 to 1; 0 where nothing is pinned, since it is not known. */
  readonly othersShare: number;
}

/** Samples by the subject's name. */
export type Round = ReadonlyMap<string, Sample>;

/** A figure with what it is worth. Not `clean`: too few rounds were left alone. */
export interface Figure extends Spread {
  readonly clean: boolean;
}

/** Two subjects whose CPU per call is set in relation: `of` divided by `by`. */
export interface Comparison {
  readonly of: string;
  readonly by: string;
}

/** Above this share of the core taken by others a sample says more about them. */
export const mostOthers = 0.08;

/** Below this utilisation it was not the subject that was the bottleneck. */
const leastUtilisation = 0.9;

const leastClean = 3;
const leastDisturbed = 5;

/** How much a sample is disturbed: 0 where it is not. */
export function disturbance({ utilisation, othersShare }: Sample): number {
  return Math.max(0, othersShare - mostOthers) + Math.max(0, leastUtilisation - utilisation);
}

/** Ratios of CPU per call in the rounds that count. */
export function compareRounds(rounds: readonly Round[], { of, by }: Comparison): Figure {
  const pairs = rounds.flatMap((round) => {
    const [top, bottom] = [round.get(of), round.get(by)];
    if (top === undefined || bottom === undefined) return [];
    return [{ ratio: top.cpuUs / bottom.cpuUs, disturbance: disturbance(top) + disturbance(bottom) }];
  });
  const { chosen, clean } = chooseRounds(pairs);
  return { ...spread(chosen.map(({ ratio }) => ratio)), clean };
}

/** The clean ones; where they are fewer than three, the five that were disturbed least. */
export function chooseRounds<T extends { readonly disturbance: number }>(
  rounds: readonly T[],
): { readonly chosen: readonly T[]; readonly clean: boolean } {
  const clean = rounds.filter((round) => round.disturbance === 0);
  if (clean.length >= leastClean) return { chosen: clean, clean: true };
  const chosen = rounds.toSorted((a, b) => a.disturbance - b.disturbance).slice(0, leastDisturbed);
  return { chosen, clean: false };
}

/** One subject over the rounds that count. */
export interface SubjectFigures {
  readonly cpuUs: Spread;
  readonly callsPerSecond: Spread;
  readonly utilisation: number;
  readonly rounds: number;
  readonly clean: boolean;
}

/** What one subject did. */
export function describeSubject(rounds: readonly Round[], subject: string): SubjectFigures {
  const samples = rounds.flatMap((round) => {
    const sample = round.get(subject);
    return sample === undefined ? [] : [{ ...sample, disturbance: disturbance(sample) }];
  });
  const { chosen, clean } = chooseRounds(samples);
  const of = (pick: (sample: Sample) => number): Spread => spread(chosen.map(pick));
  return {
    cpuUs: of(({ cpuUs }) => cpuUs),
    callsPerSecond: of(({ callsPerSecond }) => callsPerSecond),
    utilisation: of(({ utilisation }) => utilisation).med,
    rounds: chosen.length,
    clean,
  };
}
