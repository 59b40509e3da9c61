/**
 * Judges whether a server is slow by its own past: each answer's time against what the same question usually takes. Pure: times are
 * passed in. What is no answer is judged in judge-health.ts.
 */

/** What the pace of a server is judged by. */
export interface PaceJudge {
  /**
   * Takes the time in ms to the first byte of an answer. `question`: what was asked; only times of the same one are compared.
   * `nowMs`: any steady clock.
   */
  readonly observe: (question: string, tookMs: number, nowMs: number) => void;
  /** How many times longer than usual answers take, since it became slow; undefined while it is not. */
  readonly slow: () => number | undefined;
  /** True where it is slow, or may be about to be. */
  readonly isSuspect: () => boolean;
}

/** Questions that are followed; further ones say nothing. */
const maxQuestions = 64;
/** So many answers are needed to know what is usual. */
const leastAnswers = 5;
/** Below this nobody waits, however much longer than usual it is. */
const floorMs = 50;
/** Slow from so many times the usual on, until it is down to so many. Apart, so that a server between the two does not flap. */
const slowFrom = 4;
const slowUntil = 2;
/** One answer counts for no more, and moves the judgement by so much: six very slow ones in a row are needed. */
const highest = 8;
const weight = 0.1;
/** The usual follows a server that became slower for good: within minutes, within hours where that was judged to be slow. */
const habitMs = { steady: 600_000, slow: 7_200_000 } as const;

interface Usual {
  answers: number;
  ms: number;
  atMs: number;
}

/** Creates the judge of a server that has answered nothing yet. */
export function createPaceJudge(): PaceJudge {
  const usual = new Map<string, Usual>();
  let ratio = 1;
  let slow: number | undefined;

  const compare = (known: Usual, tookMs: number): void => {
    const times = Math.min(highest, tookMs / Math.max(known.ms, floorMs));
    ratio += weight * (times - ratio);
    if (ratio >= slowFrom) slow ??= Math.round(ratio);
    else if (ratio <= slowUntil) slow = undefined;
  };
  const learn = (known: Usual, tookMs: number, nowMs: number): void => {
    known.answers++;
    const habit = slow === undefined ? habitMs.steady : habitMs.slow;
    const isNew = known.answers <= leastAnswers;
    const share = isNew ? 1 / known.answers : 1 - Math.exp((known.atMs - nowMs) / habit);
    // One answer that took ages must not make ages the usual.
    const countedMs = isNew ? tookMs : Math.min(tookMs, highest * Math.max(known.ms, floorMs));
    known.ms += share * (countedMs - known.ms);
    known.atMs = nowMs;
  };

  return {
    observe(question, tookMs, nowMs) {
      let known = usual.get(question);
      if (known === undefined) {
        if (usual.size >= maxQuestions) return;
        known = { answers: 0, ms: 0, atMs: nowMs };
        usual.set(question, known);
      }
      if (known.answers >= leastAnswers) compare(known, tookMs);
      learn(known, tookMs, nowMs);
    },
    slow: () => slow,
    isSuspect: () => slow !== undefined || ratio > slowUntil,
  };
}
