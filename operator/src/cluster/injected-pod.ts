/**
 * Reads a pod that carries the sidecar: what policy, isolation and probe need to know of it, and no more, since this is held
 * for every injected pod of the cluster. Pure.
 */
import { createHash } from "node:crypto";
import { sidecarName } from "@outrigger/api/containers";
import { keys } from "@outrigger/api/keys";
import { parseEndpoint } from "@outrigger/api/values";
import type { Transport } from "@outrigger/api/words";
import type { RawContainer, RawOwner, RawPod } from "@outrigger/kube";
import { readEnforced, type Enforced } from "@outrigger/api/enforced";
import { readIdentity } from "./identity.ts";
import { readBundleVersion, readPinnedKeys } from "./trust-of-pod.ts";

/** What closes the way round the sidecar, as the webhook wrote it. */
export type Guarantee = "loopback" | "policy" | "stdio";

/** An injected pod that is neither finished nor on its way out. */
export interface InjectedPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly server: string;
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly isReady: boolean;
  readonly addresses: readonly string[];
  /** Where the sidecar takes MCP traffic; undefined where the annotation can't be read. */
  readonly dataPort: number | undefined;
  /** Where the sidecar finds the app on loopback; undefined for stdio. */
  readonly upstreamPort: number | undefined;
  /** TCP ports that containers declare, the sidecar's own left out. */
  readonly declaredPorts: readonly number[];
  readonly guarantee: Guarantee;
  /** Ids of the keys that its sidecar takes policy from; none where the installation signs nothing. */
  readonly pinnedKeys: readonly string[];
  /** The policy on the pod: a digest of its text, and the version that it claims. */
  readonly policy: { readonly digest: string; readonly version: number | undefined } | undefined;
  readonly enforced: Enforced | undefined;
  readonly controller: RawOwner | undefined;
  /** What people see of its server while it sleeps. */
  readonly shown: { readonly group: string; readonly image?: string; readonly transport?: Transport };
}

/** Reads a pod with the label `injected=true`; undefined where it is finished, leaving, or has no name. */
export function readInjectedPod(pod: RawPod): InjectedPod | undefined {
  const identity = readIdentity(pod);
  if (identity === undefined || isLeaving(pod)) return undefined;
  const { labels, annotations } = identity;
  const containers = listContainers(pod);
  const sidecar = containers.find((container) => container.name === sidecarName);
  const endpoint = parseEndpoint(annotations[keys.endpoint.key] ?? "");
  return {
    uid: identity.uid,
    namespace: identity.namespace,
    name: identity.name,
    controller: identity.controller,
    labels,
    server: labels[keys.server.key] ?? identity.name,
    createdAt: pod.metadata?.creationTimestamp ?? "",
    isReady: isReady(pod),
    addresses: readAddresses(pod.status),
    dataPort: endpoint.ok ? endpoint.value.port : undefined,
    upstreamPort: readUpstreamPort(sidecar),
    declaredPorts: listPorts(containers.filter((container) => container !== sidecar)),
    guarantee: readGuarantee(annotations[keys.status.key]),
    pinnedKeys: readPinnedKeys(readVariable(sidecar, "OUTRIGGER_TRUST_KEYS")),
    policy: readPolicy(annotations[keys.policy.key]),
    enforced: readEnforced(annotations[keys.enforced.key]),
    shown: readShown(pod, annotations),
  };
}

function listContainers({ spec }: RawPod): readonly RawContainer[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}

/** The digest under which texts of policy are compared. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** True for pods that are finished or on their way out. */
export function isLeaving({ metadata, status }: RawPod): boolean {
  return metadata?.deletionTimestamp !== undefined || status?.phase === "Succeeded" || status?.phase === "Failed";
}

function isReady({ status }: RawPod): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True");
}

function readAddresses(status: RawPod["status"]): readonly string[] {
  const listed = (status?.podIPs ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
  return listed.length > 0 || status?.podIP === undefined ? listed : [status.podIP];
}

function readShown({ spec }: RawPod, annotations: Readonly<Record<string, string>>): InjectedPod["shown"] {
  const group = keys.group.parse(annotations[keys.group.key] ?? keys.group.default);
  const transport = keys.transport.parse(annotations[keys.transport.key] ?? "");
  const { containers = [] } = spec ?? {};
  const named = containers.find(({ name }) => name === annotations[keys.container.key]);
  const { image } = named ?? containers[0] ?? {};
  return {
    group: group.ok ? group.value : keys.group.default,
    ...(image === undefined ? {} : { image }),
    ...(transport.ok ? { transport: transport.value } : {}),
  };
}

function readVariable(container: RawContainer | undefined, name: string): string | undefined {
  return container?.env?.find((variable) => variable.name === name)?.value;
}

function readUpstreamPort(sidecar: RawContainer | undefined): number | undefined {
  const url = URL.parse(readVariable(sidecar, "OUTRIGGER_UPSTREAM") ?? "");
  return url === null || url.port === "" ? undefined : Number(url.port);
}

function listPorts(containers: readonly RawContainer[]): readonly number[] {
  const ports = containers.flatMap((container) => container.ports ?? []);
  const numbers = ports.flatMap(({ containerPort, protocol = "TCP" }) =>
    protocol === "TCP" && containerPort !== undefined ? [containerPort] : [],
  );
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function readGuarantee(status: string | undefined): Guarantee {
  try {
    // Our own annotation, but a pod's author may have changed it: anything odd is taken for the weakest guarantee.
    const { guarantee } = (JSON.parse(status ?? "") ?? {}) as { guarantee?: unknown };
    return guarantee === "loopback" || guarantee === "stdio" ? guarantee : "policy";
  } catch {
    return "policy";
  }
}

function readPolicy(text: string | undefined): InjectedPod["policy"] {
  return text === undefined ? undefined : { digest: digestOf(text), version: readBundleVersion(text) };
}
