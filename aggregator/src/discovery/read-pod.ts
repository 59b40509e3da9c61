/**
 * Reads one pod as a sidecar to dial, or says why it can't be. The address is the API server's word alone: annotations
 * give port and path, never a host. Pure.
 */
import { readEnforced } from "@outrigger/api/enforced";
import { keys } from "@outrigger/api/keys";
import type { KeyDefinition } from "@outrigger/api/key-definition";
import { readRoutingAnnotations } from "@outrigger/api/routing";
import { parseEndpoint } from "@outrigger/api/values";
import type { Transport } from "@outrigger/api/words";
import { sidecarPorts } from "@outrigger/api/ports";
import type { RawPod } from "@outrigger/kube";
import type { DiscoveredSidecar, DiscoveryProblem } from "./source.ts";

/** A pod that counts: a sidecar, a problem, or neither (finished, or on its way out). */
export type PodReading =
  | { readonly kind: "sidecar"; readonly sidecar: DiscoveredSidecar }
  | { readonly kind: "problem"; readonly problem: DiscoveryProblem }
  | { readonly kind: "none" };

/** Reads a pod with the label `injected=true`, or one that only asks for injection. */
export function readPod(pod: RawPod): PodReading {
  if (pod.metadata?.name === undefined || isLeaving(pod)) return { kind: "none" };
  const annotations = pod.metadata.annotations ?? {};
  const base = { ...readBase(pod.metadata.name, pod.metadata), group: readGroup(annotations) };
  const dialled = readAddress(pod, pod.metadata.name);
  if (!dialled.ok) return { kind: "problem", problem: { ...base, reason: dialled.reason, message: dialled.message } };
  const image = findImage(pod, annotations);
  const enforced = readEnforced(annotations[keys.enforced.key]);
  const sidecar: DiscoveredSidecar = {
    ...base,
    dataUrl: dialled.dataUrl,
    controlUrl: dialled.controlUrl,
    ...readTransport(annotations),
    ...(image === undefined ? {} : { image }),
    routing: readRoutingAnnotations(annotations),
    headers: {},
    ...(enforced === undefined ? {} : { enforced }),
    isReady: isReady(pod),
  };
  return { kind: "sidecar", sidecar };
}

function readGroup(annotations: Readonly<Record<string, string>>): string {
  return readWith(keys.group, annotations) ?? keys.group.default;
}

type Metadata = NonNullable<RawPod["metadata"]>;

function readBase(name: string, { namespace = "default", uid, labels = {}, creationTimestamp = "" }: Metadata) {
  return {
    key: `pod:${uid ?? `${namespace}/${name}`}`,
    namespace,
    server: labels[keys.server.key] ?? name,
    createdAt: creationTimestamp,
    labels,
    origin: "Injected",
  } as const;
}

function isLeaving({ metadata, status }: RawPod): boolean {
  return metadata?.deletionTimestamp !== undefined || status?.phase === "Succeeded" || status?.phase === "Failed";
}

function isReady({ status }: RawPod): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True");
}

type Address =
  | { readonly ok: true; readonly dataUrl: string; readonly controlUrl: string }
  | { readonly ok: false; readonly reason: DiscoveryProblem["reason"]; readonly message: string };

const notInjected =
  "asks for injection, but carries no sidecar: it is older than the webhook, or the webhook was not asked. Restart its workload.";

function readAddress(pod: RawPod, name: string): Address {
  const text = readEndpointText(pod);
  const fail = (reason: DiscoveryProblem["reason"], message: string): Address => ({ ok: false, reason, message });
  if (text === undefined) return fail("NotInjected", `Pod ${name} ${notInjected}`);
  const endpoint = parseEndpoint(text);
  if (!endpoint.ok) return fail("EndpointInvalid", `Pod ${name}: expected ${endpoint.expected}.`);
  const address = pod.status?.podIP;
  if (address === undefined) return fail("Starting", `Pod ${name} has no address yet.`);
  const host = address.includes(":") ? `[${address}]` : address;
  const { port, path } = endpoint.value;
  return {
    ok: true,
    dataUrl: `http://${host}:${port}${path}`,
    controlUrl: `http://${host}:${sidecarPorts.control}`,
  };
}

function readEndpointText({ metadata }: RawPod): string | undefined {
  const isInjected = metadata?.labels?.[keys.injected.key] === "true";
  return isInjected ? metadata.annotations?.[keys.endpoint.key] : undefined;
}

type Annotations = Readonly<Record<string, string>>;

/** A value that is well formed; a wrong one counts as absent, since the webhook refused or reported it already. */
function readWith(key: KeyDefinition, annotations: Annotations): string | undefined {
  const text = annotations[key.key];
  return text !== undefined && key.parse(text).ok ? text : undefined;
}

function readTransport(annotations: Annotations): { readonly transport?: Transport } {
  const parsed = keys.transport.parse(annotations[keys.transport.key] ?? "");
  return parsed.ok ? { transport: parsed.value } : {};
}

/** The image of the server's container: the named one, else the first. The sidecar itself is among the init containers. */
function findImage({ spec }: RawPod, annotations: Annotations): string | undefined {
  const named = readWith(keys.container, annotations);
  const containers = spec?.containers ?? [];
  return (containers.find((container) => container.name === named) ?? containers[0])?.image;
}
