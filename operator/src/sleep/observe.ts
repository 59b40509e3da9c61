/** First stage of sleep: workloads that may sleep, the injected pods, servers that sleep. Next: reconcile.ts. */
import type { InjectedPod } from "../cluster/injected-pod.ts";
import type { AsleepFacts } from "../cluster/own-objects.ts";
import type { ClusterView } from "../cluster/view.ts";
import type { WorkloadFacts } from "../cluster/workload.ts";

/** What is there. Pods are keyed by their namespace. */
export interface ObservedSleep {
  readonly workloads: readonly WorkloadFacts[];
  readonly pods: ReadonlyMap<string, readonly InjectedPod[]>;
  readonly asleep: readonly AsleepFacts[];
}

/** Looks. */
export function observeSleep(view: Pick<ClusterView, "workloads" | "pods" | "asleep">): ObservedSleep {
  return {
    workloads: view.workloads(),
    pods: Map.groupBy(view.pods(), ({ namespace }) => namespace),
    asleep: view.asleep(),
  };
}
