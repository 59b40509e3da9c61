/**
 * Scales workloads through their scale subresource, and changes nothing else of them. Each change is from a number that was seen: what
 * somebody else scaled meanwhile stays.
 */
import type { SleepingKind } from "@outrigger/api/asleep";
import {
  resources,
  type ApiFailure,
  type Objects,
  type RawScale,
  type RawWorkload,
  type Resource,
} from "@outrigger/kube";
import { isSettled, type WorkloadIdentity } from "../cluster/workload.ts";

const byKind: Readonly<Record<SleepingKind, Resource<RawScale>>> = {
  Deployment: { ...resources.deployments, shape: {} },
  StatefulSet: { ...resources.statefulSets, shape: {} },
};

const placeOf = ({ kind, namespace, name }: WorkloadIdentity) =>
  ({ resource: byKind[kind], namespace, name, subresource: "scale" }) as const;

const fieldManager = "outrigger-sleep";

/** Scales to zero, as long as the workload is at this version. What changed meanwhile is a `conflict`. */
export async function scaleToZero(
  workload: WorkloadIdentity & { readonly resourceVersion: string },
  objects: Objects,
): Promise<ApiFailure | undefined> {
  const { resourceVersion } = workload;
  const patch = { metadata: { resourceVersion }, spec: { replicas: 0 } };
  const patched = await objects.mergePatch(placeOf(workload), patch, { fieldManager });
  return patched.ok ? undefined : patched.failure;
}

/** Says whether a workload wants no pods. What can't be read does not. */
export async function isAtZero(workload: WorkloadIdentity, objects: Objects): Promise<boolean> {
  const read = await objects.get(placeOf(workload));
  return read.ok && (read.object.spec?.replicas ?? 0) === 0;
}

/** Says whether a workload has all pods that it wants, as the API server knows it now. What can't be read has not. */
export async function isStanding({ kind, namespace, name }: WorkloadIdentity, objects: Objects): Promise<boolean> {
  const read = await objects.get<RawWorkload>({ resource: byKind[kind], namespace, name });
  return read.ok && isSettled(read.object);
}

/** `started`: it was at zero. `runs`: somebody was faster. `gone`: it does not exist any more, or another one bears its name. */
export type Started =
  { readonly kind: "started" | "runs" | "gone" } | { readonly kind: "failed"; readonly failure: ApiFailure };

const attempts = 3;

/** Scales from zero to what it was. */
export async function scaleFromZero(workload: WorkloadIdentity, replicas: number, objects: Objects): Promise<Started> {
  let started = await tryFromZero(workload, replicas, objects);
  for (let attempt = 1; attempt < attempts && isConflict(started); attempt++) {
    // Something else of it changed in between: its controller writes its status all the time.
    started = await tryFromZero(workload, replicas, objects);
  }
  return started;
}

const isConflict = (started: Started): boolean => started.kind === "failed" && started.failure.kind === "conflict";

async function tryFromZero(workload: WorkloadIdentity, replicas: number, objects: Objects): Promise<Started> {
  const read = await objects.get(placeOf(workload));
  if (!read.ok) return read.failure.kind === "notFound" ? { kind: "gone" } : { kind: "failed", failure: read.failure };
  const { metadata, spec } = read.object;
  if (metadata?.uid !== workload.uid) return { kind: "gone" };
  if ((spec?.replicas ?? 0) > 0) return { kind: "runs" };
  const patch = { metadata: { resourceVersion: metadata.resourceVersion }, spec: { replicas } };
  const patched = await objects.mergePatch(placeOf(workload), patch, { fieldManager });
  return patched.ok ? { kind: "started" } : { kind: "failed", failure: patched.failure };
}
