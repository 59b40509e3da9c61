/** For tests of what survives the loss of pods: evicts one as `kubectl drain` does, and reads what guards the release's programs. */
import { sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import type { PodFacts, Product } from "./product.ts";

/** A program of the release with what says how many of it there are. */
export interface ProgramState {
  readonly pods: readonly PodFacts[];
  readonly wanted: number;
  readonly ready: number;
  /** How many pods an eviction may take away now. */
  readonly disruptionsAllowed: number;
}

/** Its pods that are not on their way out, its Deployment and its PodDisruptionBudget. */
export async function readProgram({ get }: Product, program: string): Promise<ProgramState> {
  const { name, namespace } = release;
  const selector = `app.kubernetes.io/instance=${name},app.kubernetes.io/component=${program}`;
  const [{ items }, deployment, budget] = await Promise.all([
    get<{ items: readonly PodFacts[] }>(
      `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`,
    ),
    get<{ spec: { replicas: number }; status: { readyReplicas?: number } }>(
      `/apis/apps/v1/namespaces/${namespace}/deployments/outrigger-${program}`,
    ),
    get<{ status: { disruptionsAllowed: number } }>(
      `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/outrigger-${program}`,
    ),
  ]);
  return {
    pods: items.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
    wanted: deployment.spec.replicas,
    ready: deployment.status.readyReplicas ?? 0,
    disruptionsAllowed: budget.status.disruptionsAllowed,
  };
}

/** Asks for a pod to go, by default one of the release. Rejects with the API server's words where its budget forbids that. */
export async function evict(kubeconfig: string, pod: string, namespace: string = release.namespace): Promise<void> {
  await sendToCluster(kubeconfig, {
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`,
    body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod, namespace } },
  });
}

/** Who leads, by a name that begins with its pod's; undefined where nobody does. */
export async function readLeader({ get }: Product): Promise<string | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${release.namespace}/leases/outrigger-operator`;
  const { spec } = await get<{ spec: { holderIdentity?: string } }>(path);
  return spec.holderIdentity === "" ? undefined : spec.holderIdentity;
}
