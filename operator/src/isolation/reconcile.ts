/** Second stage of isolation: which policies are to be written and removed. Pure. Stage before: observe.ts, next: apply.ts. */
import { toCanonical } from "../cluster/canonical.ts";
import type { NetworkPolicyFacts } from "../cluster/network-policy.ts";
import { findForeignOpenings, type ForeignOpening } from "./foreign.ts";
import type { ObservedIsolation } from "./observe.ts";
import { buildPolicies, type Admitted, type WantedPolicy, type WithheldPort } from "./wanted.ts";

/** A policy in its namespace. */
interface Placed extends WantedPolicy {
  readonly namespace: string;
}

/** What is to be done, and what is worth telling. */
export interface IsolationPlan {
  readonly writes: readonly Placed[];
  readonly removals: readonly NetworkPolicyFacts[];
  /** Policies of others under names that ours need. */
  readonly taken: readonly NetworkPolicyFacts[];
  readonly openings: readonly ForeignOpening[];
  readonly withheld: readonly (WithheldPort & { readonly namespace: string })[];
}

/** Plans. `admitted` undefined: isolation is switched off, and what was written is taken back. */
export function reconcileIsolation(observed: ObservedIsolation, admitted: Admitted | undefined): IsolationPlan {
  const podsOf = Map.groupBy(observed.pods, ({ namespace }) => namespace);
  const built = (admitted === undefined ? [] : observed.guarded).map((namespace) => ({
    namespace,
    // Only reached where somebody is admitted.
    ...buildPolicies(podsOf.get(namespace) ?? [], admitted ?? nobody),
  }));
  const wanted = built.flatMap(({ namespace, policies }) => policies.map((policy) => ({ namespace, ...policy })));
  const found = new Map(observed.policies.map((policy) => [keyOf(policy), policy]));
  const wantedKeys = new Set(wanted.map(keyOf));
  const taken = wanted.flatMap((policy) => found.get(keyOf(policy)) ?? []).filter(({ isOurs }) => !isOurs);
  const takenKeys = new Set(taken.map(keyOf));
  return {
    writes: wanted.filter((policy) => {
      const key = keyOf(policy);
      return !takenKeys.has(key) && found.get(key)?.spec !== toCanonical(policy.spec);
    }),
    removals: observed.policies.filter((policy) => policy.isOurs && !wantedKeys.has(keyOf(policy))),
    taken,
    openings: admitted === undefined ? [] : findForeignOpenings(observed.policies, observed.pods),
    withheld: built.flatMap(({ namespace, withheld }) => withheld.map((each) => ({ namespace, ...each }))),
  };
}

const nobody: Admitted = { aggregators: [], clients: [], monitoring: [], probers: [], watchers: [] };

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
