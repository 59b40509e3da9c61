/** A histogram of times and its Prometheus text. Kept and written by hand: calls pay for each observation. */

/** What was observed. `buckets`: how many fell into each, not into those below. */
export interface Histogram {
  /** Upper bounds in seconds, ascending. */
  readonly boundsSeconds: readonly number[];
  readonly buckets: Float64Array;
  sumSeconds: number;
  count: number;
}

/** An empty one. */
export const createHistogram = (boundsSeconds: readonly number[]): Histogram => ({
  boundsSeconds,
  buckets: new Float64Array(boundsSeconds.length),
  sumSeconds: 0,
  count: 0,
});

/** Counts one time. */
export function observe(histogram: Histogram, seconds: number): void {
  const { boundsSeconds, buckets } = histogram;
  histogram.count++;
  histogram.sumSeconds += seconds;
  let at = 0;
  while (at < boundsSeconds.length && seconds > (boundsSeconds[at] ?? 0)) at++;
  if (at < boundsSeconds.length) buckets[at] = (buckets[at] ?? 0) + 1;
}

/** Its samples, a line each, without the last line end. `from`: the first bucket that is shown; those below are in it. */
export function exposeHistogram(
  histogram: Histogram,
  { name, labels, from = 0 }: { readonly name: string; readonly labels: string; readonly from?: number },
): string {
  const { boundsSeconds, buckets, count, sumSeconds } = histogram;
  const bucket = `${name}_bucket{${labels},le="`;
  const ends = endsOf(boundsSeconds);
  let text = "";
  let cumulative = 0;
  for (let at = 0; at < boundsSeconds.length; at++) {
    cumulative += buckets[at] ?? 0;
    if (at >= from) text += `${bucket}${ends[at]}${cumulative}\n`;
  }
  return `${text}${bucket}+Inf"} ${count}\n${name}_sum{${labels}} ${sumSeconds}\n${name}_count{${labels}} ${count}`;
}

const knownEnds = new WeakMap<readonly number[], readonly string[]>();

/** What stands behind the labels of each bucket: all histograms of a family have the same bounds, and fractions are slow to spell. */
function endsOf(boundsSeconds: readonly number[]): readonly string[] {
  const known = knownEnds.get(boundsSeconds);
  if (known !== undefined) return known;
  const ends = boundsSeconds.map((bound) => `${bound}"} `);
  knownEnds.set(boundsSeconds, ends);
  return ends;
}
