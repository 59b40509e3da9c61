/** How much a series grows, by the median of all slopes between two samples: a spike or a late start of one does not move it. */

/** One sample. */
export interface Sample {
  readonly atSeconds: number;
  readonly value: number;
}

/**
 * The Theil-Sen slope per second; 0 where fewer than two times were sampled.
 * Cost: every pair of samples; of many, evenly spread ones are taken. Source: P. K. Sen, JASA 63 (1968).
 */
export function findSlope(samples: readonly Sample[]): number {
  const taken = thinOut(samples, 400);
  const slopes = taken
    .flatMap((first, at) => taken.slice(at + 1).map((second) => slopeBetween(first, second)))
    .filter((slope) => Number.isFinite(slope))
    .sort((a, b) => a - b);
  const middle = slopes.length / 2;
  return ((slopes[Math.ceil(middle) - 1] ?? 0) + (slopes[Math.floor(middle)] ?? 0)) / 2;
}

const slopeBetween = (first: Sample, second: Sample): number =>
  (second.value - first.value) / (second.atSeconds - first.atSeconds);

/** The growth over the second half of a series, in its own unit: the first half is for warming up. */
export function findGrowth(samples: readonly Sample[]): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const seconds = (half.at(-1)?.atSeconds ?? 0) - (half[0]?.atSeconds ?? 0);
  return findSlope(half) * seconds;
}

/** At most `most` of the items, evenly spread, the first among them. */
export function thinOut<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, at) => items[Math.floor((at * items.length) / most)]).filter(
    (item) => item !== undefined,
  );
}
