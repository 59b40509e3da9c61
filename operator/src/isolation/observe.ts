/** First stage of isolation: guarded namespaces, their injected pods, all network policies. Next: reconcile.ts. */
import type { InjectedPod } from "../cluster/injected-pod.ts";
import { findGuarded, listInjected } from "../cluster/namespaces.ts";
import type { NetworkPolicyFacts } from "../cluster/network-policy.ts";
import type { ClusterView } from "../cluster/view.ts";

/** What is there. */
export interface ObservedIsolation {
  readonly guarded: readonly string[];
  readonly pods: readonly InjectedPod[];
  readonly policies: readonly NetworkPolicyFacts[];
}

/** Looks. */
export function observeIsolation(view: ClusterView, system: ReadonlySet<string>): ObservedIsolation {
  const pods = view.pods();
  const withInjected = listInjected(pods, view.asleep());
  const guarded = findGuarded({ namespaces: view.namespaces(), withInjected, system });
  return { guarded: guarded.map(({ name }) => name), pods, policies: view.policies() };
}
