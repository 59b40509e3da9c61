/** Dials every ready replica of the webhook: by its address from inside the cluster, else through ports that kubectl forwards. */
import type { RawContainer, RawPod } from "@outrigger/kube";
import { startForward, type ClusterChoice } from "../../check/cluster/kubectl.ts";
import type { Cluster } from "../../check/cluster/cluster.ts";
import { isOver } from "../../check/cluster/read-installation.ts";
import { chartLabels, partOfOutrigger } from "../../check/cluster/resources.ts";
import type { Release } from "../../check/facts.ts";
import type { Look } from "../../check/look.ts";
import type { ReplicaFacts } from "../facts.ts";
import { readServed } from "./read-served.ts";

/** The way to the replicas. `name`: what API servers ask for; `onStart` gets the way to end what was opened. */
export interface ReplicaWay {
  readonly cluster: Cluster;
  readonly choice: ClusterChoice;
  readonly release: Release;
  readonly isInside: boolean;
  readonly name: string;
  readonly onStart: (close: () => void) => void;
}

interface ReadyPod {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

const portName = "https";

/** What each ready replica shows. */
export async function readReplicas(way: ReplicaWay): Promise<Look<readonly ReplicaFacts[]>> {
  const pods = await listReady(way);
  if (!pods.ok) return pods;
  const sorted = [...pods.value].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ok: true, value: await Promise.all(sorted.map((pod) => dial(pod, way))) };
}

async function listReady({ cluster, release }: ReplicaWay): Promise<Look<readonly ReadyPod[]>> {
  const { resources } = await import("@outrigger/kube");
  const instance = release.instance === "" ? "" : `,${chartLabels.instance}=${release.instance}`;
  const pods = await cluster.list({
    resource: resources.pods,
    namespaces: [release.namespace],
    labelSelector: `${partOfOutrigger},${chartLabels.component}=webhook${instance}`,
    read: (pod) => (isOver(pod) || !isReady(pod) ? undefined : readPod(pod)),
  });
  return pods.ok ? { ok: true, value: pods.value.filter((pod) => pod !== undefined) } : pods;
}

function isReady({ status }: RawPod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
}

function readPod({ metadata = {}, spec, status }: RawPod): ReadyPod {
  const { name = "" } = metadata;
  const [first] = status?.podIPs ?? [];
  return { name, address: first?.ip ?? "", port: findPort(spec?.containers) };
}

function findPort(containers: readonly RawContainer[] = []): number {
  const ports = containers.flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === portName)?.containerPort ?? 0;
}

async function dial(pod: ReadyPod, { choice, release, isInside, name, onStart }: ReplicaWay): Promise<ReplicaFacts> {
  if (isInside) return { pod: pod.name, served: await readServed({ host: pod.address, port: pod.port, name }) };
  let close = (): void => undefined;
  const keep = (end: () => void): void => {
    close = end;
    onStart(end);
  };
  try {
    const target = `pod/${pod.name}`;
    const port = await startForward({ ...choice, namespace: release.namespace, target, port: portName, onStart: keep });
    return { pod: pod.name, served: await readServed({ host: "127.0.0.1", port, name }) };
  } catch (error) {
    return { pod: pod.name, served: { ok: false, why: error instanceof Error ? error.message : String(error) } };
  } finally {
    close();
  }
}
