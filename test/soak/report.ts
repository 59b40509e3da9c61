/** The verdict of a soak and its report: what grew over the second half, beside what it may grow by, with a small picture of each series. */
import { findGrowth, thinOut, type Sample } from "./slope.ts";

/** A series that was sampled. `mayGrow`: over the second half of a run, in its own unit. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly mayGrow: number;
  readonly samples: readonly Sample[];
}

/** A series with its verdict. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly first: number;
  readonly last: number;
  readonly most: number;
  readonly growth: number;
  readonly mayGrow: number;
  readonly isBounded: boolean;
  readonly picture: string;
}

/** Judges a series. */
export function judgeSeries({ name, unit, mayGrow, samples }: Series): Row {
  const values = samples.map(({ value }) => value);
  const growth = findGrowth(samples);
  return {
    ...{ name, unit, growth, mayGrow },
    first: values[0] ?? Number.NaN,
    last: values.at(-1) ?? Number.NaN,
    most: values.reduce((most, value) => Math.max(most, value), 0),
    isBounded: growth <= mayGrow,
    picture: draw(values),
  };
}

const bars = "▁▂▃▄▅▆▇█";
const pictureWidth = 60;

/** One character for each sixtieth of the run, from the least to the most. */
function draw(values: readonly number[]): string {
  const shown = thinOut(values, pictureWidth);
  const least = shown.reduce((min, value) => Math.min(min, value), Number.POSITIVE_INFINITY);
  const span = shown.reduce((max, value) => Math.max(max, value), 0) - least;
  const bar = (value: number): string =>
    bars[span === 0 ? 0 : Math.round(((value - least) / span) * (bars.length - 1))] ?? "";
  return shown.map(bar).join("");
}

/** What a whole run gives. */
export interface SoakReport {
  readonly seconds: number;
  readonly done: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
  readonly problems: readonly string[];
}

/** Says whether nothing grew and nothing went wrong. */
export const isClean = ({ rows, problems }: SoakReport): boolean =>
  problems.length === 0 && rows.every(({ isBounded }) => isBounded);

/** Writes the report for people. */
export function formatSoak(report: SoakReport): string {
  const counts = Object.entries(report.done).map(([kind, count]) => `${count.toLocaleString("en")} ${kind}`);
  return [
    `${report.seconds.toFixed(0)} s: ${counts.join(", ")}`,
    `${"".padEnd(24)}${["first", "last", "most", "growth", "bound"].map((head) => head.padStart(9)).join("")}`,
    ...report.rows.flatMap((row) => [
      `${`${row.name}, ${row.unit}`.padEnd(24)}${[row.first, row.last, row.most, row.growth, row.mayGrow].map(shown).join("")}  ${row.isBounded ? "ok" : "GROWS"}`,
      `  ${row.picture}`,
    ]),
    ...report.problems.slice(0, 10).map((problem) => `  ${problem}`),
    isClean(report) ? "nothing grew" : `not clean: ${report.problems.length} problems`,
  ].join("\n");
}

const shown = (value: number): string => value.toFixed(1).padStart(9);
