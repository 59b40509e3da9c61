/** Callers as rules see them, and whether a policy looks at them at all. Pure. */
import type { CallerAssertion } from "@outrigger/api/caller";
import type { CompiledPolicy } from "./compiled.ts";
import { dependsOnCaller, type CallerFacts } from "./rules.ts";

/**
 * What rules see of a caller that was vouched for: the same for whoever lists and whoever is called. A service account may be named
 * `NAMESPACE/NAME` or, as Kubernetes names its user, `system:serviceaccount:NAMESPACE:NAME`.
 */
export function factsOfCaller(caller: Pick<CallerAssertion, "kind" | "sub" | "groups" | "claims">): CallerFacts {
  const { kind, sub, groups = [], claims = {} } = caller;
  const account = kind === "ServiceAccount" ? /^(?:system:serviceaccount:)?([^:/]+)[:/]([^:/]+)$/.exec(sub) : null;
  const [, namespace, name = sub] = account ?? [];
  return { kind, name, groups, claims, ...(namespace === undefined ? {} : { namespace }) };
}

/** Whether two callers can see different things. */
export function looksAtCallers({ guards }: CompiledPolicy): boolean {
  return guards?.layers.some(({ allow, deny }) => [...allow, ...deny].some(dependsOnCaller)) === true;
}

/** Whether what is visible depends on the hints of tools. */
export function looksAtHints({ guards }: CompiledPolicy): boolean {
  if (guards === undefined) return false;
  const rules = guards.layers.flatMap(({ allow, deny }) => [...allow, ...deny]);
  return guards.readOnly || rules.some(({ hints, when }) => hints.length > 0 || when !== undefined);
}
