/**
 * Reads a Deployment or StatefulSet that may sleep: how many pods it has and wants, and after what time without a call it may have none.
 * Of workloads that never sleep nothing is kept, since a cluster has many. Pure.
 */
import type { SleepingKind } from "@outrigger/api/asleep";
import { keys } from "@outrigger/api/keys";
import type { RawReference, RawWorkload } from "@outrigger/kube";
import { readIdentity } from "./identity.ts";
import type { InjectedPod } from "./injected-pod.ts";

/** A workload whose owner lets it sleep, or tried to. */
export interface WorkloadFacts {
  readonly kind: SleepingKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The annotation: its value in ms, or what it should have been. */
  readonly idleTtl:
    | { readonly ok: true; readonly ms: number }
    | { readonly ok: false; readonly text: string; readonly expected: string };
  /** How many pods it wants. */
  readonly replicas: number;
  /** True where it has exactly the pods that it wants, all of them ready, and no rollout is under way. */
  readonly isSettled: boolean;
}

/** Creates a reader for one kind; it gives undefined for workloads without the annotation. */
export function createWorkloadReader(kind: SleepingKind): (workload: RawWorkload) => WorkloadFacts | undefined {
  return (workload) => {
    const identity = readIdentity(workload);
    const text = identity?.annotations[keys.idleTtl.key];
    if (identity === undefined || text === undefined) return undefined;
    const { namespace, name, uid } = identity;
    const parsed = keys.idleTtl.parse(text);
    return {
      ...{ kind, namespace, name, uid },
      resourceVersion: workload.metadata?.resourceVersion ?? "",
      idleTtl: parsed.ok ? { ok: true, ms: parsed.value } : { ok: false, text, expected: parsed.expected },
      replicas: workload.spec?.replicas ?? 1,
      isSettled: isSettled(workload),
    };
  };
}

/** Says whether a workload has exactly the pods that it wants, all of them ready, and its controller has seen what it wants. */
export function isSettled({ metadata, spec, status }: RawWorkload): boolean {
  const wanted = spec?.replicas ?? 1;
  const isSeen = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
  return isSeen && status?.replicas === wanted && status.readyReplicas === wanted;
}

/** Who a workload is. */
export type WorkloadIdentity = Pick<WorkloadFacts, "kind" | "namespace" | "name" | "uid">;

/** A workload as people look for it. */
export function toReference({ kind, namespace, name, uid }: WorkloadIdentity): RawReference {
  return { apiVersion: "apps/v1", kind, namespace, name, uid };
}

const hashLabel = "pod-template-hash";

/**
 * Says whether a pod is of a workload. Between a Deployment and its pod stands a ReplicaSet, which is named after the Deployment and the
 * hash that its pods bear as a label.
 */
export function isPodOf(pod: InjectedPod, { kind, namespace, name, uid }: WorkloadIdentity): boolean {
  const { controller } = pod;
  if (pod.namespace !== namespace || controller === undefined) return false;
  if (kind === "StatefulSet") return controller.kind === kind && controller.uid === uid;
  return controller.kind === "ReplicaSet" && controller.name === `${name}-${pod.labels[hashLabel] ?? ""}`;
}
