/**
 * What an installation decides about injection, as one plain object with its defaults.
 * Holds no per-pod setting: those are annotations. read/config.ts reads it from a file.
 */
import { createHash } from "node:crypto";
import type { KeyName } from "@outrigger/api/keys";
import { sidecarPorts } from "@outrigger/api/ports";
import { isObject, type JsonObject } from "./read/json.ts";

/** Annotations whose default an installation may set: the plain ones that a namespace may set too. */
export const defaultableKeys = [
  "path",
  "portMode",
  "maxSessions",
  "group",
  "sidecarCpuRequest",
  "sidecarCpuLimit",
  "sidecarMemoryRequest",
  "sidecarMemoryLimit",
  "drainSeconds",
  "logLevel",
] as const satisfies readonly KeyName[];

export type DefaultableKey = (typeof defaultableKeys)[number];

/** Which decisions get an audit line, as the sidecar's setting spells it. */
export const auditWords = ["all", "refusals", "off"] as const;

export type AuditLines = (typeof auditWords)[number];

/** As what the sidecar runs: an init container that keeps running, or the first of the pod's containers. */
export const sidecarKinds = ["native", "container"] as const;

export type SidecarKind = (typeof sidecarKinds)[number];

/** Settings of an installation. */
export interface InjectionConfig {
  /** Version that the status annotation names. */
  readonly version: string;
  /** Image of the sidecar, by digest in production. */
  readonly image: string;
  /** Image of the stdio shim, which an init container copies into pods of stdio servers. */
  readonly shimImage: string;
  /** `container` is for clusters without native sidecars; see docs/adr/0032. */
  readonly sidecarKind: SidecarKind;
  /** What the installation adds to every sidecar and its pod; checked where it is read. */
  readonly sidecarTemplate: SidecarTemplate;
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  /** Names of pull secrets, appended to the pod's own. */
  readonly imagePullSecrets: readonly string[];
  /** The namespace that Outrigger runs in. */
  readonly ownNamespace: string;
  /** Namespaces that are never touched, besides those of Kubernetes and our own. */
  readonly systemNamespaces: readonly string[];
  readonly clusterDomain: string;
  /** Version of the API server, `1.<minor>`; port mode named-port is refused below 1.32. Absent: not checked. */
  readonly kubernetesVersion?: string;
  /** On openshift the user id is left to the security context constraints. */
  readonly platform: "kubernetes" | "openshift";
  /** The sidecar's ports; `app` is the port that an app moves to when only its port can be set by a variable. */
  readonly ports: { readonly data: number; readonly control: number; readonly admin: number; readonly app: number };
  /** Which decisions of sidecars get an audit line; absent: all. */
  readonly audit?: AuditLines;
  /** Where sidecars export traces to, by OTLP over HTTP; absent: nowhere. */
  readonly otlpEndpoint?: string;
  /** Values of annotations that neither pod nor namespace sets, spelt as in an annotation. */
  readonly defaults: Readonly<Partial<Record<DefaultableKey, string>>>;
  /** What other injectors put into pods. */
  readonly foreign: ForeignInjectors;
}

/** Additions of an installation. Names of its volumes and ports begin with `outrigger-`, so that no pod's own can clash with them. */
export interface SidecarTemplate {
  /** Part of a container, merged over the sidecar's as Kubernetes merges. */
  readonly container: JsonObject;
  readonly volumes: readonly JsonObject[];
  /** For pods that have none of that key. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** Traces of other injectors that are not taken for the app's, or for tampering with the sidecar. */
export interface ForeignInjectors {
  /** Containers that are never the MCP server unless an annotation names them. */
  readonly containers: readonly string[];
  /** Plain init containers that may stand before the sidecar. */
  readonly networkInits: readonly string[];
  /** Variables that may be added to the sidecar. */
  readonly env: readonly string[];
  /** Mount paths that may be added to the sidecar. */
  readonly mountPaths: readonly string[];
  /** Ports of agents that stand in for the kubelet's probes, ours included. */
  readonly probePorts: readonly number[];
}

/** The version of this build. */
export const version = "0.3.0";

/** The settings of an installation that says nothing. */
export const defaultConfig: InjectionConfig = {
  version,
  image: `outrigger-sidecar:${version}`,
  shimImage: `outrigger-shim:${version}`,
  sidecarKind: "native",
  sidecarTemplate: { container: {}, volumes: [], annotations: {}, labels: {} },
  imagePullPolicy: "IfNotPresent",
  imagePullSecrets: [],
  ownNamespace: "outrigger-system",
  systemNamespaces: [],
  clusterDomain: "cluster.local",
  platform: "kubernetes",
  ports: { ...sidecarPorts, app: 19_083 },
  defaults: {},
  foreign: {
    containers: [
      "istio-proxy",
      "linkerd-proxy",
      "kuma-sidecar",
      "consul-dataplane",
      "queue-proxy",
      "vault-agent",
      "daprd",
      "otc-container",
    ],
    networkInits: ["istio-init", "istio-validation", "linkerd-init", "linkerd-network-validator"],
    env: [
      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
      "AWS_DEFAULT_REGION",
      "AWS_REGION",
      "AWS_ROLE_ARN",
      "AWS_STS_REGIONAL_ENDPOINTS",
      "AWS_WEB_IDENTITY_TOKEN_FILE",
      "AZURE_AUTHORITY_HOST",
      "AZURE_CLIENT_ID",
      "AZURE_FEDERATED_TOKEN_FILE",
      "AZURE_TENANT_ID",
    ],
    mountPaths: [
      "/var/run/secrets/eks.amazonaws.com/serviceaccount",
      "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
      "/var/run/secrets/azure/tokens",
      "/vault/secrets",
    ],
    probePorts: [15_020],
  },
};

/** Namespaces of Kubernetes itself; a configuration can add to them, never take away. */
const kubernetesNamespaces = ["kube-system", "kube-public", "kube-node-lease"];

/** True for namespaces in which nothing is injected. */
export function isSystemNamespace(namespace: string, config: InjectionConfig): boolean {
  return [...kubernetesNamespaces, config.ownNamespace, ...config.systemNamespaces].includes(namespace);
}

/** Hashes of configurations that are in use: each is asked for twice by every pod, and a configuration never changes. */
const hashes = new WeakMap<InjectionConfig, string>();

/** Hash of everything that an installation decides; 16 hex digits. Two pods with one hash were injected alike. */
export function hashConfig(config: InjectionConfig): string {
  const known = hashes.get(config) ?? computeHash(config);
  hashes.set(config, known);
  return known;
}

function computeHash(config: InjectionConfig): string {
  return createHash("sha256")
    .update(JSON.stringify(sortKeys(config)))
    .digest("hex")
    .slice(0, 16);
}

function sortKeys(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key])]),
  );
}
