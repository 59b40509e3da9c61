/** What is kept of a network policy: whose it is, whom it selects, what it lets in. Pure. */
import type { RawIngressRule, RawNetworkPolicy, RawSelector } from "@outrigger/kube";
import { toCanonical } from "./canonical.ts";
import { readIdentity } from "./identity.ts";

/** Label and value that mark objects as the operator's. */
export const managedBy = { label: "app.kubernetes.io/managed-by", value: "outrigger-operator" } as const;

/** A network policy. `spec` in canonical form, for comparing. */
export interface NetworkPolicyFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly isOurs: boolean;
  readonly spec: string;
  readonly podSelector: RawSelector;
  readonly ingress: readonly RawIngressRule[];
}

/** Reads a policy; undefined where it has no name. */
export function readNetworkPolicy(policy: RawNetworkPolicy): NetworkPolicyFacts | undefined {
  const identity = readIdentity(policy);
  if (identity === undefined) return undefined;
  const spec = policy.spec ?? {};
  return {
    namespace: identity.namespace,
    name: identity.name,
    uid: identity.uid,
    isOurs: identity.labels[managedBy.label] === managedBy.value,
    spec: toCanonical(spec),
    podSelector: spec.podSelector ?? {},
    ingress: spec.ingress ?? [],
  };
}

/** Whether a selector selects labels. Source: Kubernetes "Labels and Selectors", set-based requirements. */
export function selects(selector: RawSelector, labels: Readonly<Record<string, string>>): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    equal &&
    (selector.matchExpressions ?? []).every(({ key = "", operator, values = [] }) => {
      const value = labels[key];
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const isListed = value !== undefined && values.includes(value);
      return operator === "NotIn" ? !isListed : isListed;
    })
  );
}
