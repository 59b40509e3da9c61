/**
 * Knows callers again: equal principals have one entry, so that what was decided for one of them is remembered for as long as it comes
 * back. Bounded; whoever has not come for longest is forgotten.
 */
import { factsOfCaller, type CallerFacts } from "@outrigger/policy";
import type { Principal } from "../auth/principal.ts";
import { describeCaller, type DescribedCaller } from "./describe.ts";

/** A caller that can be vouched for. `id`: equal for equal callers alone. `facts`: what rules see of it. */
export interface KnownCaller {
  readonly id: string;
  readonly described: DescribedCaller;
  readonly facts: CallerFacts;
}

/** The callers of one program. `find` gives undefined for one that can't be vouched for. */
export interface CallerBook {
  readonly find: (principal: Principal) => KnownCaller | undefined;
}

const maxCallers = 4_096;

/** Creates it, empty. */
export function createCallerBook(): CallerBook {
  const byPrincipal = new WeakMap<Principal, { readonly caller: KnownCaller | undefined }>();
  const byId = new Map<string, KnownCaller>();
  const know = (principal: Principal): KnownCaller | undefined => {
    const described = describeCaller(principal);
    if (described === undefined) return undefined;
    const id = JSON.stringify(described);
    const caller = byId.get(id) ?? { id, described, facts: factsOfCaller(described) };
    byId.delete(id);
    byId.set(id, caller);
    const [oldest] = byId.keys();
    if (byId.size > maxCallers && oldest !== undefined) byId.delete(oldest);
    return caller;
  };
  return {
    find: (principal) => {
      const known = byPrincipal.get(principal) ?? { caller: know(principal) };
      byPrincipal.set(principal, known);
      return known.caller;
    },
  };
}
