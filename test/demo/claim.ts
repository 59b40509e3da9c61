/** What a step says must be so; a claim that does not hold ends the tour with a failure. */

/** A claim that did not hold. */
class ClaimError extends Error {
  override name = "ClaimError";
}

/** Checks one claim. `found` is shown where it does not hold. */
export function claim(holds: boolean, sentence: string, found?: unknown): asserts holds {
  if (holds) return;
  const shown = found === undefined ? "" : `; found: ${typeof found === "string" ? found : JSON.stringify(found)}`;
  throw new ClaimError(`not so: ${sentence}${shown}`.slice(0, 2_000));
}
