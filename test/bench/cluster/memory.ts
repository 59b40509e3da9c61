/** Pods and memory per server, as the kubelet counts them for each container: anonymous memory, which no other container shares. */
import { askCluster } from "../../cluster/ask-cluster.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import type { Stage } from "./stage.ts";

/** One container at rest. */
export interface ContainerMemory {
  readonly pod: string;
  readonly container: string;
  readonly anonMiB: number;
  /** With the part of files that this container was the first to read. */
  readonly workingSetMiB: number;
}

interface Summary {
  readonly pods: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string };
    readonly containers?: readonly {
      readonly name: string;
      readonly memory?: { readonly time: string; readonly rssBytes?: number; readonly workingSetBytes?: number };
    }[];
  }[];
}

const countedWithinMs = 45_000;
const mib = 1024 * 1024;

/** Reads the containers of these pods, each counted after `sinceMs` of the wall clock. */
export function readMemory(
  stage: Stage,
  pods: readonly string[],
  sinceMs: number,
): Promise<readonly ContainerMemory[]> {
  return waitFor(
    "the kubelet's count of memory",
    async () => {
      const found = await readSummaries(stage, pods);
      const isComplete = pods.every((pod) => found.some((each) => each.pod === pod));
      return isComplete && found.every(({ countedAtMs }) => countedAtMs > sinceMs) ? found : undefined;
    },
    countedWithinMs,
  );
}

async function readSummaries(
  { kubeconfig, namespace }: Stage,
  wanted: readonly string[],
): Promise<readonly (ContainerMemory & { readonly countedAtMs: number })[]> {
  const { items } = await askCluster<{ items: readonly { metadata: { name: string } }[] }>(kubeconfig, "/api/v1/nodes");
  const paths = items.map(({ metadata }) => `/api/v1/nodes/${metadata.name}/proxy/stats/summary`);
  const summaries = await Promise.all(paths.map((path) => askCluster<Summary>(kubeconfig, path)));
  return summaries
    .flatMap(({ pods }) => pods)
    .filter(({ podRef }) => podRef.namespace === namespace && wanted.includes(podRef.name))
    .flatMap(({ podRef, containers = [] }) =>
      containers.map(({ name, memory }) => ({
        pod: podRef.name,
        container: name,
        anonMiB: (memory?.rssBytes ?? Number.NaN) / mib,
        workingSetMiB: (memory?.workingSetBytes ?? Number.NaN) / mib,
        countedAtMs: Date.parse(memory?.time ?? ""),
      })),
    );
}
