/** Remembers what was worked out of a catalogue for a decision, as long as both are what they were. Decides nothing else. */
import type { CatalogueSnapshot } from "../catalog/merge.ts";
import type { Decision } from "./decide.ts";

interface Kept<T> {
  readonly edition: unknown;
  readonly value: T;
}

/** The function, with a memory: computed once for each catalogue, decision, and edition of the decision. What it gives must follow from these. */
export function perDecision<T>(
  compute: (catalogue: CatalogueSnapshot, decision: Decision) => T,
): (catalogue: CatalogueSnapshot, decision: Decision) => T {
  // Goes with the catalogue, which is replaced and never changed.
  const kept = new WeakMap<CatalogueSnapshot, WeakMap<Decision, Kept<T>>>();
  return (catalogue, decision) => {
    const edition = decision.edition?.();
    const byDecision = kept.get(catalogue) ?? new WeakMap<Decision, Kept<T>>();
    kept.set(catalogue, byDecision);
    const known = byDecision.get(decision);
    if (known !== undefined && known.edition === edition) return known.value;
    const value = compute(catalogue, decision);
    byDecision.set(decision, { edition, value });
    return value;
  };
}
