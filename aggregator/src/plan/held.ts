/**
 * A value that clients see and that must not change often: a change is shown at once, the next one only after a while. Decides when;
 * what the value is comes from outside. Takes the time as a function.
 */

/** How often it may change. `isFree`: whether it may change without limit now, which starts no waiting. */
export interface HeldOptions {
  readonly everyMs: number;
  readonly nowMs: () => number;
  readonly isFree: () => boolean;
}

/** A held value. */
export interface Held<T> {
  /** Takes what should be shown, and gives what is. */
  readonly offer: (wanted: T) => T;
  /** Milliseconds until the value that was offered last may be shown; undefined where it is. */
  readonly waitMs: () => number | undefined;
}

/** Holds a value; the first that is offered is shown. Values are compared by identity. */
export function holdValue<T>({ everyMs, nowMs, isFree }: HeldOptions): Held<T> {
  let last: { readonly wanted: T; readonly shown: T } | undefined;
  let changedAtMs: number | undefined;
  const waitMs = (): number => (changedAtMs === undefined ? 0 : Math.max(0, changedAtMs + everyMs - nowMs()));
  return {
    offer: (wanted) => {
      const before = last;
      const mayChange = before === undefined || before.shown === wanted || waitMs() === 0;
      const shown = mayChange ? wanted : before.shown;
      if (before !== undefined && before.shown !== shown && !isFree()) changedAtMs = nowMs();
      last = { wanted, shown };
      return shown;
    },
    waitMs: () => (last === undefined || last.wanted === last.shown ? undefined : waitMs()),
  };
}
