/** Finds the aggregator's Service by the labels of the chart, and which port of a pod it leads to. Pure. */
import type { RawPod } from "@outrigger/kube";
import type { RawService } from "../check/cluster/resources.ts";

/** The Service to which is forwarded. `selector` as Kubernetes writes it. */
export interface FoundService {
  readonly namespace: string;
  readonly name: string;
  readonly selector: string;
  readonly targetPort: number | string;
}

/** Selects the Service that clients are meant to use; the one for metrics has a port of another name. */
export const serviceSelector = "app.kubernetes.io/part-of=outrigger,app.kubernetes.io/component=aggregator";

/** Reads a Service; undefined where it is none that clients use. */
export function readService({ metadata = {}, spec = {} }: RawService): FoundService | undefined {
  const { ports = [], selector: labels = {} } = spec;
  const port = ports.find((each) => each.name === "http");
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  if (port === undefined || selector.length === 0) return undefined;
  const { name = "", namespace = "" } = metadata;
  return { namespace, name, selector: selector.join(","), targetPort: targetOf(port) };
}

/** Without a target, a Service leads to the port of its own number. */
function targetOf({
  port = 0,
  targetPort = port,
}: {
  readonly port?: number;
  readonly targetPort?: number | string;
}): number | string {
  return targetPort;
}

/** Which Service is meant, or a sentence. */
export function pickService(
  services: readonly FoundService[],
  namespace: string | undefined,
): { readonly ok: true; readonly service: FoundService } | { readonly ok: false; readonly why: string } {
  const [first, ...others] = services;
  const where = namespace === undefined ? "the cluster" : `namespace ${namespace}`;
  if (first === undefined)
    return { ok: false, why: `There is no Service of an aggregator in ${where}: Outrigger is not installed there.` };
  if (others.length === 0) return { ok: true, service: first };
  const named = services.map((each) => `${each.namespace}/${each.name}`).sort();
  return { ok: false, why: `There is more than one aggregator: ${named.join(", ")}. Give --namespace.` };
}

/** A pod behind the Service. `port`: what the Service's port is in it; undefined where it has none of that name. */
export interface BackingPod {
  readonly name: string;
  readonly isReady: boolean;
  readonly port: number | undefined;
}

/** Reads a pod. One that is ending counts as not ready, whatever its conditions still say. */
export function readBackingPod(
  { metadata = {}, spec = {}, status = {} }: RawPod,
  targetPort: number | string,
): BackingPod {
  const declared = (spec.containers ?? []).flatMap(({ ports = [] }) => ports);
  const isReady = (status.conditions ?? []).some((each) => each.type === "Ready" && each.status === "True");
  return {
    name: metadata.name ?? "",
    isReady: isReady && metadata.deletionTimestamp === undefined,
    port: typeof targetPort === "number" ? targetPort : declared.find(({ name }) => name === targetPort)?.containerPort,
  };
}

/** The pods to try, best first: the one that was used before, then the others by name. Only Ready ones. */
export function orderPods(
  pods: readonly BackingPod[],
  before: string | undefined,
): readonly (BackingPod & { port: number })[] {
  return pods
    .flatMap((pod) => (pod.isReady && pod.port !== undefined ? [{ ...pod, port: pod.port }] : []))
    .sort((a, b) => Number(b.name === before) - Number(a.name === before) || (a.name < b.name ? -1 : 1));
}
