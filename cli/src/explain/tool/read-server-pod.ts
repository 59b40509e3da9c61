/** Finds the pod whose sidecar decides about a server's tools: the newest that carries it. */
import { keys } from "@outrigger/api/keys";
import { readObject, readText } from "@outrigger/webhook/inject";
import type { Cluster } from "../../check/cluster/cluster.ts";
import { isOver } from "../../check/cluster/read-installation.ts";
import type { Look } from "../../check/look.ts";

/** The pod, raw, with its name; undefined where the server has none with the sidecar. */
export interface ServerPod {
  readonly name: string;
  readonly pod: unknown;
}

/** Looks for it. Replicas carry the same policy once the operator has written it to all of them. */
export async function readServerPod(
  cluster: Cluster,
  { namespace, server }: { readonly namespace: string; readonly server: string },
): Promise<Look<ServerPod | undefined>> {
  const { resources } = await import("@outrigger/kube");
  const pods = await cluster.list({
    resource: resources.pods,
    namespaces: [namespace],
    labelSelector: `${keys.server.key}=${server},${keys.injected.key}=true`,
    read: (pod): unknown => (isOver(pod) ? undefined : pod),
  });
  if (!pods.ok) return pods;
  const [newest] = pods.value.filter((pod) => pod !== undefined).sort((a, b) => (createdAt(a) < createdAt(b) ? 1 : -1));
  if (newest === undefined) return { ok: true, value: undefined };
  return { ok: true, value: { name: readText(readObject(newest, "metadata"), "name") ?? "", pod: newest } };
}

const createdAt = (pod: unknown): string => readText(readObject(pod, "metadata"), "creationTimestamp") ?? "";
