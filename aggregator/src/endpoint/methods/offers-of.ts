/** The prompts and resources of a decision, put together once for each catalogue. */
import { mergeOffers } from "../../catalog/offers.ts";
import { perDecision } from "../per-decision.ts";

/** What the decision leaves of a catalogue's offers. Cost: linear in them, once. */
export const offersOf = perDecision((catalogue, decision) => {
  const servers = [...catalogue.servers.values()].filter(decision.maySee);
  return mergeOffers({ servers, mayUse: decision.mayUse });
});
