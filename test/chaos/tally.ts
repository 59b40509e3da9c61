/** What became of the calls, counted by the fault under which they began. Pure but for what it holds. */
import type { Attempt } from "./judge.ts";

/** The counts of one fault. */
export interface Counts {
  readonly sent: number;
  readonly answered: number;
  /** Attempts beyond the first of each call. */
  readonly retried: number;
  /** Attempts that were refused in clear words, and connections that broke where they may, by why. */
  readonly refused: Readonly<Record<string, number>>;
  /** Calls without the right answer, and calls that had an unclear one on the way, by why. */
  readonly lost: number;
  readonly lostBy: Readonly<Record<string, number>>;
  /** Longest time to an answer in ms, attempts included. */
  readonly longestMs: number;
}

/** One call that is over. */
export interface EndedCall {
  readonly attempts: readonly Attempt[];
  readonly ms: number;
}

/** Counts while a run goes on. */
export interface Tally {
  /** `fault`: under which the call began. */
  readonly call: (fault: string, ended: EndedCall) => void;
  /** Counts something else that clients did, such as beginning a session. */
  readonly note: (what: string) => void;
  readonly counts: () => ReadonlyMap<string, Counts>;
  readonly notes: () => Readonly<Record<string, number>>;
}

/** Nothing counted. */
export const noCounts: Counts = { sent: 0, answered: 0, retried: 0, refused: {}, lost: 0, lostBy: {}, longestMs: 0 };

/** Creates it at zero. */
export function createTally(): Tally {
  const byFault = new Map<string, Counts>();
  const notes = new Map<string, number>();
  return {
    call: (fault, ended) => void byFault.set(fault, addCall(byFault.get(fault) ?? noCounts, ended)),
    note: (what) => void notes.set(what, (notes.get(what) ?? 0) + 1),
    counts: () => byFault,
    notes: () => Object.fromEntries(notes),
  };
}

/** The counts with one call more. A call is lost where its last attempt did not give the right answer, and where any was unclear. */
export function addCall(counts: Counts, { attempts, ms }: EndedCall): Counts {
  const refused = attempts.flatMap((attempt) =>
    attempt.kind === "refused" || attempt.kind === "broken" ? [attempt.why] : [],
  );
  const fault = findLoss(attempts);
  return {
    sent: counts.sent + 1,
    answered: counts.answered + (fault === undefined ? 1 : 0),
    retried: counts.retried + Math.max(0, attempts.length - 1),
    refused: refused.reduce(addOne, counts.refused),
    lost: counts.lost + (fault === undefined ? 0 : 1),
    lostBy: fault === undefined ? counts.lostBy : addOne(counts.lostBy, fault),
    longestMs: Math.max(counts.longestMs, ms),
  };
}

function findLoss(attempts: readonly Attempt[]): string | undefined {
  const unclear = attempts.find((attempt) => attempt.kind === "unclear");
  if (unclear !== undefined) return unclear.why;
  const last = attempts.at(-1);
  if (last?.kind === "right") return undefined;
  return last === undefined ? "it was never sent" : `still after the last attempt: ${last.why}`;
}

/** Counts of several together. */
export function sumCounts(all: Iterable<Counts>): Counts {
  let sum = noCounts;
  for (const counts of all) {
    sum = {
      sent: sum.sent + counts.sent,
      answered: sum.answered + counts.answered,
      retried: sum.retried + counts.retried,
      refused: addAll(sum.refused, counts.refused),
      lost: sum.lost + counts.lost,
      lostBy: addAll(sum.lostBy, counts.lostBy),
      longestMs: Math.max(sum.longestMs, counts.longestMs),
    };
  }
  return sum;
}

type Tallied = Readonly<Record<string, number>>;
const addOne = (to: Tallied, key: string): Tallied => ({ ...to, [key]: (to[key] ?? 0) + 1 });

function addAll(to: Tallied, more: Tallied): Tallied {
  return Object.fromEntries(
    [...new Set([...Object.keys(to), ...Object.keys(more)])].map((key) => [key, (to[key] ?? 0) + (more[key] ?? 0)]),
  );
}
