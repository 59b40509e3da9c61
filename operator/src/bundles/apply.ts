/** Third stage of bundles: writes ConfigMaps, then pods at a bounded rate, then removes. Stage before: reconcile.ts. */
import { bundleObject } from "@outrigger/api/cluster-objects";
import { keys } from "@outrigger/api/keys";
import { resources, type ApiFailure, type Objects } from "@outrigger/kube";
import { annotatePod } from "../cluster/annotate-pod.ts";
import { managedBy } from "../cluster/network-policy.ts";
import type { Pace } from "../pace.ts";
import { nameBundle, type BundlePlan } from "./reconcile.ts";

/** Where ConfigMaps are and how fast pods are written. */
export interface BundlePlace {
  readonly objects: Objects;
  readonly namespace: string;
  readonly prefix: string;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly onPatch: (result: "ok" | "failed") => void;
}

/** Does what the plan says, as far as it goes; gives what failed. A pod that is gone is no failure. */
export async function applyBundles(plan: BundlePlan, place: BundlePlace): Promise<readonly ApiFailure[]> {
  const failures: ApiFailure[] = [];
  for (const write of plan.writes) {
    const written = await writeBundle(write, place);
    if (written !== undefined) failures.push(written);
  }
  for (const { pod, text } of plan.patches) {
    if (!(await place.pace.next(place.signal))) return failures;
    const failure = await annotatePod(place.objects, pod, { key: keys.policy.key, value: text });
    place.onPatch(failure === undefined ? "ok" : "failed");
    if (failure !== undefined) failures.push(failure);
  }
  for (const { name, uid } of plan.removals) {
    const at = { resource: resources.configMaps, namespace: place.namespace, name };
    const removed = await place.objects.remove(at, { uid });
    if (!removed.ok && removed.failure.kind !== "notFound") failures.push(removed.failure);
  }
  return failures;
}

async function writeBundle(
  { namespace, text, state }: BundlePlan["writes"][number],
  { objects, namespace: own, prefix }: BundlePlace,
): Promise<ApiFailure | undefined> {
  const object = {
    metadata: {
      labels: { [bundleObject.label]: bundleObject.labelValue, [managedBy.label]: managedBy.value },
      annotations: { [bundleObject.state]: state },
    },
    data: { [bundleObject.namespaceMember]: namespace, [bundleObject.policyMember]: text },
  };
  const at = { resource: resources.configMaps, namespace: own, name: nameBundle(prefix, namespace) };
  const applied = await objects.apply(at, object, { fieldManager: managedBy.value, ownership: "take" });
  return applied.ok ? undefined : applied.failure;
}
