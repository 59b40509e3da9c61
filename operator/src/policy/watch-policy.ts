/**
 * Keeps the installation's policy equal to its ConfigMap. One that is broken or gone keeps the last good policy and says why. Watched
 * through the API server, because a mounted file follows its ConfigMap only after a minute or so.
 */
import { policyObject } from "@outrigger/api/cluster-objects";
import { resources, watchObjects, type ApiFailure, type ClusterAccess } from "@outrigger/kube";
import { readPolicy, type PolicySet } from "./read-policy.ts";

/** Where the policy is, and who hears of changes. */
export interface PolicyOptions {
  readonly access: ClusterAccess;
  readonly namespace: string;
  readonly name: string;
  readonly onChange: () => void;
  readonly onFailure: (failure: ApiFailure) => void;
  readonly onHandlerError: (error: unknown) => void;
}

/** The policy as it was read last. */
export interface WatchedPolicy {
  /** The last good policy; undefined where there was none yet. */
  readonly current: () => PolicySet | undefined;
  /** What is wrong with it now; empty where nothing is. */
  readonly problems: () => readonly string[];
  /** True once it was looked for. */
  readonly isRead: () => boolean;
  readonly stop: () => Promise<void>;
}

/** Starts watching. */
export function watchPolicy({ access, namespace, name, onChange, ...handlers }: PolicyOptions): WatchedPolicy {
  let policy: PolicySet | undefined;
  let problems: readonly string[] = [];
  let last: { readonly text: string | undefined } | undefined;

  const take = (text: string | undefined): void => {
    if (last !== undefined && last.text === text) return;
    last = { text };
    const read = text === undefined ? { ok: false as const, problems: [describeMissing(name)] } : readPolicy(text);
    if (read.ok) policy = read.policy;
    problems = read.ok ? [] : read.problems;
    onChange();
  };
  const watch = watchObjects({
    access,
    resource: resources.configMaps,
    namespaces: [namespace],
    fieldSelector: `metadata.name=${name}`,
    read: ({ data }) => data?.[policyObject.member],
    onChange: () => take(watch.list()[0]),
    ...handlers,
  });
  return { current: () => policy, problems: () => problems, isRead: watch.isSynced, stop: watch.stop };
}

function describeMissing(name: string): string {
  return `ConfigMap ${name} with the member ${policyObject.member} is not there`;
}
