/** A histogram out of a program's metrics, and what it says of the time between two readings. Pure. */

/** Counts up to each bound in seconds, ascending, the last infinite. */
export interface Histogram {
  readonly buckets: readonly { readonly bound: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** Reads a histogram in Prometheus' text format, over all series whose labels hold `label`; zeros where there is none. */
export function readHistogram(text: string, name: string, label = ""): Histogram {
  const series = text.split("\n").filter((line) => line.startsWith(name) && line.includes(label));
  const total = (of: readonly string[]): number => of.reduce((sum, line) => sum + valueOf(line), 0);
  const ending = (suffix: string): readonly string[] => series.filter((line) => line.startsWith(`${name}_${suffix}`));
  const buckets = [...Map.groupBy(ending("bucket"), boundOf)]
    .map(([bound, lines]) => ({ bound, count: total(lines) }))
    .sort((a, b) => a.bound - b.bound);
  return { buckets, sum: total(ending("sum")), count: total(ending("count")) };
}

const valueOf = (line: string): number => Number(line.slice(line.lastIndexOf(" ") + 1));

function boundOf(line: string): number {
  const text = /le="([^"]+)"/.exec(line)?.[1];
  return text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
}

/** What was counted between two readings. */
export function subtract(later: Histogram, earlier: Histogram): Histogram {
  const before = new Map(earlier.buckets.map(({ bound, count }) => [bound, count]));
  return {
    buckets: later.buckets.map(({ bound, count }) => ({ bound, count: count - (before.get(bound) ?? 0) })),
    sum: later.sum - earlier.sum,
    count: later.count - earlier.count,
  };
}

/**
 * The time in seconds below which `share` (0 to 1) of what was counted lies, taken as evenly spread within a bucket; infinite where it is
 * beyond the last bound, NaN where nothing was counted.
 */
export function quantileOf({ buckets, count }: Histogram, share: number): number {
  const wanted = share * count;
  if (count === 0) return Number.NaN;
  let [lower, below] = [0, 0];
  for (const { bound, count: upTo } of buckets) {
    if (upTo >= wanted) return lower + (bound - lower) * ((wanted - below) / Math.max(1, upTo - below));
    [lower, below] = [bound, upTo];
  }
  return Number.POSITIVE_INFINITY;
}

/** The mean in seconds; NaN where nothing was counted. */
export const meanOf = ({ sum, count }: Histogram): number => sum / count;
