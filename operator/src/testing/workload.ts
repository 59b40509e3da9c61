/** Workloads that may sleep, and servers that do, as tests need them. */
import type { AsleepIdentity } from "@outrigger/api/asleep";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import type { WorkloadFacts } from "../cluster/workload.ts";
import { makePod } from "./pod.ts";

/** Deployment `search` in namespace `tools`, two pods, idle-ttl one minute. */
export function makeWorkload(change: Partial<WorkloadFacts> = {}): WorkloadFacts {
  return {
    kind: "Deployment",
    namespace: "tools",
    name: "search",
    uid: "uid-search",
    resourceVersion: "7",
    idleTtl: { ok: true, ms: 60_000 },
    replicas: 2,
    isSettled: true,
    ...change,
  };
}

/** A pod of it, made an hour before it fell asleep. */
export function makePodOf({ name }: WorkloadFacts, suffix: string, change: Partial<InjectedPod> = {}): InjectedPod {
  const pod = makePod(`${name}-abc-${suffix}`);
  return {
    ...pod,
    labels: { ...pod.labels, "pod-template-hash": "abc" },
    controller: { kind: "ReplicaSet", name: `${name}-abc`, uid: "rs", controller: true },
    createdAt: "2026-11-22T07:00:00Z",
    ...change,
  };
}

/** What is kept of it while it sleeps, since 08:00. */
export function makeAsleep(change: Partial<AsleepIdentity> = {}): AsleepIdentity {
  return {
    format: 1,
    namespace: "tools",
    server: "search",
    group: "default",
    workload: { kind: "Deployment", name: "search", uid: "uid-search" },
    replicas: 2,
    since: "2026-11-22T08:00:00.000Z",
    createdAt: "2026-11-22T07:00:00Z",
    labels: {},
    ...change,
  };
}
