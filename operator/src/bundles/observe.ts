/** First stage of bundles: everything that decides which policy is to stand where, at one moment. Next: reconcile.ts. */
import type { PublicJwk } from "@outrigger/runtime/jws";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import { findGuarded, listInjected } from "../cluster/namespaces.ts";
import type { BundleFacts } from "../cluster/own-objects.ts";
import type { ClusterView } from "../cluster/view.ts";
import type { PolicySet } from "../policy/read-policy.ts";
import type { TrustKeys } from "../trust/observe.ts";

/** What is there. `guarded`: names of namespaces that are to have a policy. */
export interface ObservedBundles {
  readonly policy: PolicySet;
  readonly keys: TrustKeys;
  /** Who may vouch for callers; undefined where nobody may. */
  readonly assertionKeys?: readonly PublicJwk[] | undefined;
  readonly guarded: readonly string[];
  readonly published: readonly BundleFacts[];
  readonly pods: readonly InjectedPod[];
  /** Unix epoch ms. */
  readonly nowMs: number;
}

/** Where it is looked up. */
export interface BundleSources {
  readonly view: ClusterView;
  readonly system: ReadonlySet<string>;
  /** Namespaces that the installation is limited to; none: it is not. */
  readonly chosen: readonly string[];
  readonly policy: () => PolicySet | undefined;
  readonly keys: () => TrustKeys | undefined;
  readonly assertionKeys?: () => readonly PublicJwk[] | undefined;
  readonly nowMs: () => number;
}

/** Looks; undefined while there is no policy or no key yet: then everything stays as it is. */
export function observeBundles({
  view,
  system,
  chosen,
  policy,
  keys,
  assertionKeys,
  nowMs,
}: BundleSources): ObservedBundles | undefined {
  const set = policy();
  const signing = keys();
  if (set === undefined || signing === undefined) return undefined;
  const pods = view.pods();
  // Where Roles are all there is, the webhook learns from the bundles which namespaces there are: all of them have one.
  const withInjected = new Set([...listInjected(pods, view.asleep()), ...chosen]);
  const guarded = findGuarded({ namespaces: view.namespaces(), withInjected, system });
  return {
    policy: set,
    keys: signing,
    assertionKeys: assertionKeys?.(),
    guarded: guarded.map(({ name }) => name),
    published: view.bundles(),
    pods,
    nowMs: nowMs(),
  };
}
