/**
 * One call at one replica, and where that takes too long at a second one beside it: the first that ends the call wins, and the other one is
 * cancelled. What may be called twice, and when, is decided by who asks.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { SidecarView } from "../catalog/view.ts";
import type { Attempt } from "./attempt.ts";
import { whyAgain } from "./repeat.ts";

/** An attempt at a replica that came to its end. */
export interface Ended {
  readonly view: SidecarView;
  readonly attempt: Attempt;
}

/**
 * What is raced. `afterMs`: undefined where the call goes to one replica alone. `second` gives the other replica, or undefined where there is none
 * for it now. `one` sends the call; it rejects when its signal aborts.
 */
export interface RaceParts {
  readonly afterMs: number | undefined;
  readonly second: () => SidecarView | undefined;
  readonly one: (
    view: SidecarView,
    how: { readonly signal: AbortSignal; readonly isSecond: boolean },
  ) => Promise<Attempt>;
  readonly signal: AbortSignal;
}

/** Gives the attempts that came to their end, the one that ended the call last. Rejects when the signal aborts. */
export async function raceReplicas(first: SidecarView, parts: RaceParts): Promise<readonly Ended[]> {
  const { afterMs, second, one, signal } = parts;
  if (afterMs === undefined) return [{ view: first, attempt: await one(first, { signal, isSecond: false }) }];
  const ones = [start(first, false)];
  if (await isSlower(ones[0]?.ended, afterMs)) {
    const other = second();
    if (other !== undefined) ones.push(start(other, true));
  }
  try {
    const winner = await Promise.race(ones.map(({ ended }) => ended));
    const others = ones.filter(({ view }) => view !== winner.view);
    if (whyAgain(winner.attempt) === undefined) return [winner];
    return [winner, ...(await Promise.all(others.map(({ ended }) => ended)))];
  } finally {
    // Who has not ended by now has lost.
    for (const { cancel } of ones) cancel();
  }

  function start(view: SidecarView, isSecond: boolean) {
    const cancelled = new AbortController();
    const how = { signal: AbortSignal.any([signal, cancelled.signal]), isSecond };
    const ended = one(view, how).then((attempt): Ended => ({ view, attempt }));
    // Nobody listens to a loser any more.
    ended.catch(() => undefined);
    return { view, ended, cancel: () => cancelled.abort() };
  }
}

/** Whether something takes longer. What fails before that is no slower. */
async function isSlower(ended: Promise<unknown> | undefined, ms: number): Promise<boolean> {
  const timer = new AbortController();
  try {
    const late = pause(ms, true, { signal: timer.signal });
    late.catch(() => undefined);
    return await Promise.race([late, Promise.resolve(ended).then(() => false)]);
  } finally {
    timer.abort();
  }
}
