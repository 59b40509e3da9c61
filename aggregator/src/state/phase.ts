/**
 * How far the aggregator has come in knowing what there is: nothing was read yet, or not all of it, or all of it once. Decides when it is
 * ready, and for how long a name that nobody knows may still come. Pure; it only ever goes forward.
 */

/** `unread`: no source of servers has answered; `reading`: one has; `read`: all have, and their servers were heard. */
export type Phase = "unread" | "reading" | "read";

/** What is the case now. `readingMs`: how long ago the first source answered; 0 before. */
export interface PhaseFacts {
  readonly isHeard: boolean;
  readonly isSettled: boolean;
  readonly readingMs: number;
}

/** One server that does not answer, or one source, holds the others up for so long, ms. */
export const longestReadingMs = 30_000;

/** The phase after this. */
export function nextPhase(before: Phase, { isHeard, isSettled, readingMs }: PhaseFacts): Phase {
  if (before === "read") return before;
  if (!isHeard) return "unread";
  return isSettled || readingMs > longestReadingMs ? "read" : "reading";
}
