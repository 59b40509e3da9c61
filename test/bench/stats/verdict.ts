/**
 * Whether a figure meets its bar. A noisy figure never misses it, and meets it only with all of its rounds; a bar is missed only if two
 * tries of two missed it; what was not measured is never met. Pure.
 */
import type { Figure } from "./rounds.ts";

/** What a figure has to reach. */
export interface Bar {
  /** As the performance bars are numbered. */
  readonly id: string;
  /** The figure's name, as in `--json`. */
  readonly figure: string;
  /** What is asked, for people. */
  readonly question: string;
  readonly unit: "x" | "ms" | "us" | "MiB" | "KiB" | "calls" | "connections" | "pods";
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What is said of a bar. `inconclusive`: too noisy, missed in one try of two, or not measured. */
export type Verdict = "met" | "missed" | "inconclusive";

/** Judges one try. `undefined`: the figure could not be had. */
export function judgeFigure(bar: Bar, figure: Figure | undefined): Verdict {
  if (figure === undefined || Number.isNaN(figure.med)) return "inconclusive";
  const meets = (value: number): boolean => value >= (bar.atLeast ?? -Infinity) && value <= (bar.atMost ?? Infinity);
  if (figure.clean) return meets(figure.med) ? "met" : "missed";
  // One round alone agrees with itself.
  return figure.min < figure.max && meets(figure.min) && meets(figure.max) ? "met" : "inconclusive";
}

/** Brings the tries together: met by one of them, missed by two, else unsure. */
export function judgeTries(tries: readonly Verdict[]): Verdict {
  if (tries.includes("met")) return "met";
  return tries.filter((verdict) => verdict === "missed").length >= 2 ? "missed" : "inconclusive";
}

/** The exit code: 0 where all is met, 1 where something is missed, 2 where something is unsure or nothing was judged. */
export function exitCodeOf(verdicts: readonly Verdict[]): 0 | 1 | 2 {
  if (verdicts.includes("missed")) return 1;
  return verdicts.length === 0 || verdicts.includes("inconclusive") ? 2 : 0;
}
