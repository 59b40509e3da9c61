/** Third stage of isolation: writes and removes network policies. Stage before: reconcile.ts, next: report.ts. */
import { resources, type ApiFailure, type Objects } from "@outrigger/kube";
import { managedBy } from "../cluster/network-policy.ts";
import type { IsolationPlan } from "./reconcile.ts";
import { toPolicyObject } from "./wanted.ts";

/**
 * Does what the plan says; gives what failed. Openings are written after the closing policy of their namespace, since the plan
 * has them in that order. What vanished meanwhile is no failure.
 */
export async function applyIsolation(
  { writes, removals }: Pick<IsolationPlan, "writes" | "removals">,
  objects: Objects,
): Promise<readonly ApiFailure[]> {
  const failures: ApiFailure[] = [];
  const resource = resources.networkPolicies;
  for (const policy of writes) {
    const place = { resource, namespace: policy.namespace, name: policy.name };
    const applied = await objects.apply(place, toPolicyObject(policy), {
      fieldManager: managedBy.value,
      ownership: "take",
    });
    // A namespace may end between a look and a write; its end is reason enough.
    if (!applied.ok && applied.failure.kind !== "notFound") failures.push(applied.failure);
  }
  for (const { namespace, name, uid } of removals) {
    const removed = await objects.remove({ resource, namespace, name }, { uid });
    if (!removed.ok && removed.failure.kind !== "notFound") failures.push(removed.failure);
  }
  return failures;
}
