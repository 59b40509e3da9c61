/** Last stage of the probe: metrics over all pods, and an Event on the owner when a result changes. */
import type { EventRecorder } from "@outrigger/kube";
import type { Reason } from "@outrigger/api/reasons";
import type { Enforced } from "@outrigger/api/enforced";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import type { Owners } from "../cluster/owners.ts";
import type { OperatorMetrics } from "../metrics.ts";

/** Counts pods by result; a pod without one counts as not probed, a pod without the sidecar as not injected. */
export function countResults(
  pods: readonly InjectedPod[],
  results: ReadonlyMap<string, Enforced>,
  notInjected: number,
): ReadonlyMap<string, { readonly status: string; readonly reason: Reason; readonly pods: number }> {
  const counts = new Map<string, { status: string; reason: Reason; pods: number }>();
  const add = (status: Enforced["status"], reason: Reason, by: number): void => {
    const key = `${status} ${reason}`;
    const count = counts.get(key) ?? { status, reason, pods: 0 };
    counts.set(key, { ...count, pods: count.pods + by });
  };
  for (const pod of pods) {
    const { status, reason } = results.get(pod.uid) ?? pod.enforced ?? { status: "Unknown", reason: "NotProbed" };
    add(status, reason, 1);
  }
  add("False", "NotInjected", notInjected);
  return counts;
}

/** Tells of one result. */
export async function reportResult(
  pod: InjectedPod,
  result: Enforced,
  listeners: { readonly metrics: OperatorMetrics; readonly recorder: EventRecorder; readonly owners: Owners },
): Promise<void> {
  const { metrics, recorder, owners } = listeners;
  metrics.countProbe(result.status);
  if (pod.enforced?.status === result.status && pod.enforced.reason === result.reason) return;
  recorder.record({
    regarding: await owners.ofPod(pod),
    type: result.status === "True" ? "Normal" : "Warning",
    reason: result.reason,
    action: "Probe",
    note: `Pod ${pod.name}: ${result.message}`,
  });
}
