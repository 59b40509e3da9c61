/**
 * The operator's settings: flags, variables, defaults, and what does not go together. Pure; main.ts passes argv, environment
 * and host name.
 */
import { X509Certificate } from "node:crypto";
import { operatorPorts } from "@outrigger/api/ports";
import { parseDnsLabel, parseDuration, parseWord, type Parsed } from "@outrigger/api/values";
import { splitPem } from "@outrigger/certs";
import { parseClusterPlace, type ClusterPlace } from "@outrigger/kube";
import { parseListenAddress, parseText, readSettings, type ParsedSetting } from "@outrigger/runtime/config";
import { programSettings } from "@outrigger/runtime/program-settings";
import { parsePeers, type Peer } from "./isolation/peers.ts";

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** The table of settings. */
export const settingTable = {
  kube: {
    flag: "kube",
    env: "OUTRIGGER_KUBE",
    help: "the cluster: in-cluster, kubeconfig, or a base URL such as that of kubectl proxy",
    parse: parseClusterPlace,
    fallback: { mode: "in-cluster" } as ClusterPlace,
  },
  namespace: {
    flag: "namespace",
    env: "OUTRIGGER_NAMESPACE",
    help: "the release's own namespace",
    parse: parseDnsLabel,
    fallback: "outrigger-system",
  },
  namespaces: {
    flag: "namespaces",
    env: "OUTRIGGER_NAMESPACES",
    help: "comma-separated namespaces to be limited to, in which Roles are enough; all where absent",
    parse: parseNamespaces,
    fallback: [] as readonly string[],
  },
  systemNamespaces: {
    flag: "system-namespaces",
    env: "OUTRIGGER_SYSTEM_NAMESPACES",
    help: "comma-separated namespaces that are left alone, beside Kubernetes' and the own one",
    parse: parseNamespaces,
    fallback: [] as readonly string[],
  },
  admin: {
    flag: "admin",
    env: "OUTRIGGER_ADMIN",
    help: "address of health and metrics",
    parse: parseListenAddress,
    fallback: { host: "0.0.0.0", port: operatorPorts.admin },
  },
  identity: {
    flag: "identity",
    env: "OUTRIGGER_IDENTITY",
    help: "name of this process in the election; the host's name where absent",
    parse: parseText,
  },
  lease: {
    flag: "lease",
    env: "OUTRIGGER_LEASE",
    help: "the Lease that says which replica acts",
    parse: parseObjectName,
    fallback: "outrigger-operator",
  },
  leaseTime: duration("lease-time", "how long the Lease holds unrenewed", 15_000),
  renewTime: duration("renew-time", "after how long without renewal the leader stops acting", 10_000),
  retryTime: duration("retry-time", "pause between looks at the Lease", 2_000),
  policy: {
    flag: "policy",
    env: "OUTRIGGER_POLICY",
    help: "ConfigMap with the installation's policy, YAML",
    parse: parseObjectName,
    fallback: "outrigger-policy",
  },
  trust: {
    flag: "trust",
    env: "OUTRIGGER_TRUST",
    help: "Secret and ConfigMap with the keys that sign policy",
    parse: parseObjectName,
    fallback: "outrigger-trust",
  },
  trustLifetime: duration("trust-lifetime", "after how long a new key signs", 365 * dayMs),
  trustOverlap: duration("trust-overlap", "how long the key before stays at least", 10 * minuteMs),
  sessionKeys: {
    flag: "session-keys-secret",
    env: "OUTRIGGER_SESSION_KEYS_SECRET",
    help: "Secret in which the keys are kept by which aggregators seal sessions; without it none are made",
    parse: parseObjectName,
  },
  sessionKeyLifetime: duration("session-key-lifetime", "after how long another key seals sessions", 30 * dayMs),
  assertions: {
    flag: "assertions",
    env: "OUTRIGGER_ASSERTIONS",
    help: "Secret with the keys with which the aggregator vouches for callers; where absent, policies name nobody who may",
    parse: parseObjectName,
  },
  assertionLifetime: duration("assertion-lifetime", "after how long a new key vouches for callers", 30 * dayMs),
  assertionOverlap: duration(
    "assertion-overlap",
    "how long such a key is trusted after the next one was made",
    60 * minuteMs,
  ),
  bundles: {
    flag: "bundles",
    env: "OUTRIGGER_BUNDLES",
    help: "how names of ConfigMaps with signed policy begin",
    parse: parseDnsLabel,
    fallback: "outrigger-bundle",
  },
  caSecret: {
    flag: "ca-secret",
    env: "OUTRIGGER_CA_SECRET",
    help: "Secret with the webhook's authority, which is made and renewed here",
    parse: parseObjectName,
  },
  caBundle: {
    flag: "ca-bundle",
    env: "OUTRIGGER_CA_BUNDLE",
    help: "certificates, as PEM, that API servers shall trust where somebody else makes the webhook's certificate",
    parse: parseCertificates,
  },
  webhookConfiguration: {
    flag: "webhook-configuration",
    env: "OUTRIGGER_WEBHOOK_CONFIGURATION",
    help: "the webhook configuration whose caBundle is kept; goes with --ca-secret or --ca-bundle",
    parse: parseObjectName,
  },
  caLifetime: duration("ca-lifetime", "life of the webhook's authority", 365 * dayMs),
  caAnnounce: duration(
    "ca-announce",
    "how long a new authority is trusted before it signs, and what another certificate mode trusted after that",
    10 * minuteMs,
  ),
  caRetire: duration("ca-retire", "how long the old authority is trusted after that", 8 * dayMs),
  wake: {
    flag: "wake",
    env: "OUTRIGGER_WAKE",
    help: "address where the aggregator asks for sleeping servers to be woken; where absent, no server sleeps",
    parse: parseListenAddress,
  },
  wakers: {
    flag: "wakers",
    env: "OUTRIGGER_WAKERS",
    help: "comma-separated ServiceAccounts, NAMESPACE/NAME, that may have servers woken",
    parse: parseServiceAccounts,
  },
  isolation: {
    flag: "isolation",
    env: "OUTRIGGER_ISOLATION",
    help: "enabled: write network policies for injected pods; disabled: none",
    parse: (text: string) => parseWord(text, ["enabled", "disabled"]),
    fallback: "enabled" as const,
  },
  aggregators: peers("aggregators", "OUTRIGGER_AGGREGATORS", "who may reach data and control ports of sidecars"),
  clients: peers("clients", "OUTRIGGER_CLIENTS", "who else may reach data ports of sidecars"),
  monitoring: peers("monitoring", "OUTRIGGER_MONITORING", "who may reach metrics of sidecars"),
  probers: peers("probers", "OUTRIGGER_PROBERS", "the operator's own pods: they see whether a sidecar is there"),
  probeInterval: duration("probe-interval", "time between two probes of a pod, a tenth more or less", 10 * minuteMs),
  probeRetry: duration("probe-retry", "the same after a probe that found a way round or nothing", 30_000),
  probeTimeout: duration("probe-timeout", "longest time that one connection may take", 2_000),
  ...programSettings,
};

type Values = Extract<ReturnType<typeof readTable>, { ok: true }>["settings"]["values"];

/** Everything that the program runs with. */
export interface OperatorSettings extends Omit<
  Values,
  | "identity"
  | "wake"
  | "wakers"
  | "caSecret"
  | "caBundle"
  | "webhookConfiguration"
  | "aggregators"
  | "clients"
  | "monitoring"
  | "probers"
> {
  readonly identity: string;
  readonly sleep: SleepSettings | undefined;
  readonly registration: RegistrationSettings | undefined;
  readonly peers: {
    readonly aggregators: readonly Peer[];
    readonly clients: readonly Peer[];
    readonly monitoring: readonly Peer[];
    readonly probers: readonly Peer[];
  };
}

/** Where servers are woken, and at whose word. Undefined where none sleeps. */
export interface SleepSettings {
  readonly listen: { readonly host: string; readonly port: number };
  readonly wakers: readonly ServiceAccount[];
}

/** A ServiceAccount of the cluster. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The webhook configuration that is kept, and whom its entries shall trust: the authority of a Secret, or given certificates, each
 * as PEM. Undefined where that is somebody else's.
 */
export type RegistrationSettings = { readonly configuration: string } & (
  | { readonly source: "self"; readonly secret: string }
  | { readonly source: "files"; readonly trusted: readonly string[] }
);

/** The settings, or every problem with them. */
export type ReadOperatorSettings =
  | { readonly ok: true; readonly settings: OperatorSettings }
  | { readonly ok: false; readonly problems: readonly string[] };

/** What settings are read from. `host` names the process where nothing else does. */
export interface SettingsInput {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly host: string;
}

/** Reads and checks everything at once. */
export function readOperatorSettings(input: SettingsInput): ReadOperatorSettings {
  const read = readTable(input);
  if (!read.ok) return read;
  const { identity, wake, wakers, caSecret, caBundle, webhookConfiguration, ...rest } = read.settings.values;
  const { aggregators, clients, monitoring, probers, ...values } = rest;
  const problems = [
    ...read.settings.rest.map((argument) => `unexpected argument ${JSON.stringify(argument)}`),
    ...checkTimes(values),
    ...checkRegistration({ caSecret, caBundle, webhookConfiguration }),
    ...(values.namespaces.length > 0 && webhookConfiguration !== undefined ? [beyondRoles] : []),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const settings = {
    ...values,
    identity: identity ?? input.host,
    sleep: readSleep(wake, wakers ?? [{ namespace: values.namespace, name: "outrigger-aggregator" }]),
    registration: readRegistration({ caSecret, caBundle, webhookConfiguration }),
    peers: fillPeers({ aggregators, clients, monitoring, probers }, values.namespace),
  };
  return { ok: true, settings };
}

function readSleep(wake: Values["wake"], wakers: readonly ServiceAccount[]): SleepSettings | undefined {
  return wake === undefined ? undefined : { listen: wake, wakers };
}

const beyondRoles =
  "--webhook-configuration goes without --namespaces: it belongs to no namespace, so Roles can't give rights to it";

type Registering = Pick<Values, "caSecret" | "caBundle" | "webhookConfiguration">;

function checkRegistration({ caSecret, caBundle, webhookConfiguration }: Registering): readonly string[] {
  const sources = [caSecret, caBundle].filter((source) => source !== undefined).length;
  if (sources === 2) return ["--ca-secret goes without --ca-bundle: entries trust the one or the other"];
  return sources === (webhookConfiguration === undefined ? 0 : 1)
    ? []
    : ["--webhook-configuration and one of --ca-secret and --ca-bundle go together"];
}

function readRegistration({ caSecret, caBundle, webhookConfiguration }: Registering): RegistrationSettings | undefined {
  if (webhookConfiguration === undefined) return undefined;
  if (caSecret !== undefined) return { configuration: webhookConfiguration, source: "self", secret: caSecret };
  return { configuration: webhookConfiguration, source: "files", trusted: caBundle ?? [] };
}

function fillPeers(
  { aggregators, clients, monitoring, probers }: Pick<Values, keyof OperatorSettings["peers"]>,
  namespace: string,
): OperatorSettings["peers"] {
  return {
    aggregators: aggregators ?? [podsOf(namespace, "aggregator")],
    clients: clients ?? [],
    monitoring: monitoring ?? [],
    probers: probers ?? [podsOf(namespace, "operator")],
  };
}

/** Pods of the release, by the label that its chart gives them. */
function podsOf(namespace: string, component: string): Peer {
  return {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
    podSelector: { matchLabels: { "app.kubernetes.io/component": component } },
  };
}

function readTable(input: SettingsInput) {
  return readSettings(settingTable, input);
}

function checkTimes({ leaseTime, renewTime, retryTime }: Pick<Values, "leaseTime" | "renewTime" | "retryTime">) {
  const isInOrder = retryTime < renewTime && renewTime < leaseTime;
  return isInOrder ? [] : ["--retry-time must be shorter than --renew-time, and that shorter than --lease-time"];
}

function duration(flag: string, help: string, fallback: number) {
  const env = `OUTRIGGER_${flag.toUpperCase().replaceAll("-", "_")}`;
  return { flag, env, help: `${help}, e.g. "10m"`, parse: parsePositiveDuration, fallback };
}

function parsePositiveDuration(text: string): Parsed<number> {
  const parsed = parseDuration(text);
  return parsed.ok && parsed.value === 0 ? { ok: false, expected: "a duration above zero" } : parsed;
}

function peers(flag: string, env: string, help: string) {
  return { flag, env, help: `${help}, as a JSON list of NetworkPolicy peers`, parse: parsePeers };
}

function parseNamespaces(text: string): ParsedSetting<readonly string[]> {
  const names = text.split(",").map((name) => name.trim());
  return names.every((name) => parseDnsLabel(name).ok)
    ? { ok: true, value: names }
    : { ok: false, expected: "a comma-separated list of namespaces" };
}

function parseServiceAccounts(text: string): ParsedSetting<readonly ServiceAccount[]> {
  const accounts = text.split(",").map((each) => {
    const [namespace = "", name = "", ...more] = each.trim().split("/");
    return { namespace, name, isWhole: more.length === 0 && parseDnsLabel(namespace).ok && parseObjectName(name).ok };
  });
  return accounts.every(({ isWhole }) => isWhole)
    ? { ok: true, value: accounts.map(({ namespace, name }) => ({ namespace, name })) }
    : { ok: false, expected: "a comma-separated list of NAMESPACE/NAME" };
}

/** At least one certificate, and none that can't be read: API servers would refuse the whole. */
function parseCertificates(text: string): ParsedSetting<readonly string[]> {
  const certificates = splitPem(text);
  const isReadable = (pem: string): boolean => {
    try {
      return new X509Certificate(pem).raw.length > 0;
    } catch {
      return false;
    }
  };
  return certificates.length > 0 && certificates.every(isReadable)
    ? { ok: true, value: certificates }
    : { ok: false, expected: "certificates as PEM" };
}

function parseObjectName(text: string): ParsedSetting<string> {
  return /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(text)
    ? { ok: true, value: text }
    : { ok: false, expected: "the name of an object" };
}
