/** What became of the calls of a run: counted, and judged. Pure but for what it holds. */

/** How one attempt at a call ended: with the right answer, or why not, in words that are the same for the same cause. */
export type Attempt = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** The counts of one kind of clients. */
export interface Counts {
  readonly sent: number;
  readonly answered: number;
  /** Answered without a second attempt. */
  readonly atOnce: number;
  /** No right answer came, however often it was asked for. */
  readonly lost: number;
  /** Longest time to an answer in ms, attempts included. */
  readonly longestMs: number;
  /** Attempts that failed, by why, and the calls that were lost by why the last attempt failed. */
  readonly failed: Readonly<Record<string, number>>;
  readonly lostBy: Readonly<Record<string, number>>;
  /** Other things that clients did, such as beginning a session. */
  readonly done: Readonly<Record<string, number>>;
}

/** Counts while a run goes on. */
export interface Tally {
  readonly call: (outcome: { readonly attempts: readonly Attempt[]; readonly ms: number }) => void;
  readonly note: (what: string) => void;
  readonly counts: () => Counts;
}

/** Creates it at zero. */
export function createTally(): Tally {
  let [sent, answered, atOnce, lost, longestMs] = [0, 0, 0, 0, 0];
  const failed = new Map<string, number>();
  const lostBy = new Map<string, number>();
  const done = new Map<string, number>();
  const add = (to: Map<string, number>, key: string): void => void to.set(key, (to.get(key) ?? 0) + 1);
  return {
    call: ({ attempts, ms }) => {
      sent++;
      for (const attempt of attempts) if (!attempt.ok) add(failed, attempt.why);
      const last = attempts.at(-1);
      if (last?.ok === true) {
        answered++;
        if (attempts.length === 1) atOnce++;
        longestMs = Math.max(longestMs, ms);
      } else {
        lost++;
        add(lostBy, last?.why ?? "it was never sent");
      }
    },
    note: (what) => add(done, what),
    counts: () => ({
      ...{ sent, answered, atOnce, lost, longestMs },
      failed: Object.fromEntries(failed),
      lostBy: Object.fromEntries(lostBy),
      done: Object.fromEntries(done),
    }),
  };
}
