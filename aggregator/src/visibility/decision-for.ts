/** From a request that has passed the door to what its caller may see of the whole catalogue. */
import type { IncomingMessage } from "node:http";
import type { CallerFacts } from "@outrigger/policy";
import type { Identify } from "../auth/identify.ts";
import type { Principal } from "../auth/principal.ts";
import type { CatalogueSnapshot } from "../catalog/merge.ts";
import { createDecision, type Decision } from "../endpoint/decide.ts";
import { guardsOf } from "./guards.ts";
import { narrowDecision } from "./narrow.ts";

/** Gives the decision for a request. One that did not pass the door is one of nobody whom anybody vouches for. */
export function createDecisionFor(
  identify: Identify,
  factsOf: (principal: Principal) => CallerFacts | undefined,
  catalogue: () => CatalogueSnapshot,
): (request: IncomingMessage) => Promise<Decision> {
  const everything = createDecision({});
  return async (request) => {
    const identified = await identify(request);
    const caller = identified.ok ? factsOf(identified.principal) : undefined;
    return narrowDecision(everything, { guards: () => guardsOf(catalogue()), caller });
  };
}
