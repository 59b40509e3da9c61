/** Turns what a library throws into a value: an expression that can't be used is an expected outcome, no fault. */

/** What a function gave, or the message of what it threw. */
export type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** Runs a function that may throw. */
export function attempt<T>(run: () => T): Attempt<T> {
  try {
    return { ok: true, value: run() };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
