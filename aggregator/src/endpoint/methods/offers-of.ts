/** The prompts and resources of a decision, put together once for each catalogue. */
import type { CatalogueSnapshot } from "../../catalog/merge.ts";
import { mergeOffers, type Offers } from "../../catalog/offers.ts";
import type { Decision } from "../decide.ts";

interface Kept {
  readonly edition: unknown;
  readonly offers: Offers;
}

// Goes with the catalogue, which is replaced and never changed.
const kept = new WeakMap<CatalogueSnapshot, WeakMap<Decision, Kept>>();

/** What the decision leaves of a catalogue's offers. Cost: linear in them, once. */
export function offersOf(catalogue: CatalogueSnapshot, decision: Decision): Offers {
  const edition = decision.edition?.();
  const byDecision = kept.get(catalogue) ?? new WeakMap<Decision, Kept>();
  kept.set(catalogue, byDecision);
  const known = byDecision.get(decision);
  if (known !== undefined && known.edition === edition) return known.offers;
  const servers = [...catalogue.servers.values()].filter(decision.maySee);
  const offers = mergeOffers({ servers, mayUse: decision.mayUse });
  byDecision.set(decision, { edition, offers });
  return offers;
}
