/**
 * Seconds from the moment when the API server has taken a policy edit to its first effect on a running pod, both ways: a tool is denied,
 * and allowed again. The same session asks all the time, so a restart or a lost session shows.
 */
import { keys } from "@outrigger/api/keys";
import { askCluster } from "../../cluster/ask-cluster.ts";
import { release } from "../../cluster/product/install.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { createCaller, type Caller, type Outcome } from "./caller.ts";
import type { Pod, Stage } from "./stage.ts";

/** Seconds of every edit, and what the pod went through meanwhile. */
export interface PolicyEdits {
  readonly annotation: readonly number[];
  readonly chart: readonly number[];
  readonly sessionsLost: number;
  readonly restarts: number;
}

/** How often each edit is made and taken back. */
export interface PolicyEditPlan {
  readonly annotationRounds: number;
  readonly chartRounds: number;
}

const withinMs = 90_000;

/** Measures on one server of ours, whose pod is given. */
export async function measurePolicyEdits(
  stage: Stage,
  { name, pod }: { readonly name: string; readonly pod: Pod },
  plan: PolicyEditPlan,
): Promise<PolicyEdits> {
  const caller = createCaller(stage.throughSidecar(pod));
  const annotation: number[] = [];
  const chart: number[] = [];
  try {
    await until(caller, "answered");
    for (let round = 0; round < plan.annotationRounds; round++) {
      for (const [value, outcome] of [["echo", "refused"] as const, [null, "answered"] as const]) {
        await stage.annotate(pod, keys.denyTools.key, value);
        annotation.push(await until(caller, outcome));
      }
    }
    for (let round = 0; round < plan.chartRounds; round++) {
      for (const [policy, outcome] of [
        [{ tools: { deny: ["echo"] } }, "refused"] as const,
        [{}, "answered"] as const,
      ]) {
        chart.push(await editChart(stage, policy, () => until(caller, outcome)));
      }
    }
    const [after] = await stage.pods(name);
    return { annotation, chart, sessionsLost: caller.sessions() - 1, restarts: countRestarts(after) };
  } finally {
    caller.close();
  }
}

/** The clock starts when the policy's ConfigMap is another one, which is early in what Helm does. */
async function editChart(stage: Stage, policy: object, effect: () => Promise<number>): Promise<number> {
  const before = await readPolicyVersion(stage);
  const helm = stage.setPolicy(policy);
  const changed = waitFor("the ConfigMap to change", async () => (await readPolicyVersion(stage)) !== before, withinMs);
  const [seconds] = await Promise.all([changed.then(effect), helm]);
  return seconds;
}

async function readPolicyVersion({ kubeconfig }: Stage): Promise<string> {
  const path = `/api/v1/namespaces/${release.namespace}/configmaps/outrigger-policy`;
  const { metadata } = await askCluster<{ metadata: { resourceVersion: string } }>(kubeconfig, path);
  return metadata.resourceVersion;
}

async function until(caller: Caller, wanted: Outcome["kind"]): Promise<number> {
  const startedMs = performance.now();
  await waitFor(`calls to be ${wanted}`, async () => (await caller.call()).kind === wanted, withinMs);
  return (performance.now() - startedMs) / 1_000;
}

function countRestarts(pod: Pod | undefined): number {
  const all = [...(pod?.status?.containerStatuses ?? []), ...(pod?.status?.initContainerStatuses ?? [])];
  return all.reduce((sum, { restartCount }) => sum + restartCount, 0);
}
