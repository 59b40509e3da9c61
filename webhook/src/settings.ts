/** The webhook's settings: flags, their environment variables, forms and defaults. What injection does is the config file's. */
import { webhookPorts } from "@outrigger/api/ports";
import { parseDnsLabel, parseDuration, parseWord } from "@outrigger/api/values";
import { parseClusterPlace } from "@outrigger/kube";
import { parseListenAddress, parseText, type ParsedSetting, type SettingTable } from "@outrigger/runtime/config";
import { programSettings } from "@outrigger/runtime/program-settings";
import { parseAnnotations } from "./server/namespaces.ts";

const anyAddress = (port: number): { host: string; port: number } => ({ host: "0.0.0.0", port });

/** Names and addresses of a certificate, separated by commas. */
function parseNames(text: string): ParsedSetting<readonly string[]> {
  const names = text.split(",").map((name) => name.trim());
  return names.every((name) => /^[A-Za-z0-9._:-]{1,253}$/.test(name))
    ? { ok: true, value: names }
    : { ok: false, expected: "a comma-separated list of DNS names and IP addresses" };
}

const dayMs = 86_400_000;

/** The table. Names are what code uses. */
export const settingTable = {
  listen: {
    flag: "listen",
    env: "OUTRIGGER_LISTEN",
    help: "address for the API server, HTTPS",
    parse: parseListenAddress,
    fallback: anyAddress(webhookPorts.tls),
  },
  admin: {
    flag: "admin",
    env: "OUTRIGGER_ADMIN",
    help: "address of health and metrics, HTTP",
    parse: parseListenAddress,
    fallback: anyAddress(webhookPorts.admin),
  },
  config: {
    flag: "config",
    env: "OUTRIGGER_CONFIG",
    help: "JSON file that says how to inject, read again when it changes",
    parse: parseText,
  },
  kube: {
    flag: "kube",
    env: "OUTRIGGER_KUBE",
    help: "watch namespaces and policy: in-cluster, kubeconfig, or a base URL such as that of kubectl proxy",
    parse: parseClusterPlace,
  },
  namespace: {
    flag: "namespace",
    env: "OUTRIGGER_NAMESPACE",
    help: "namespace that Outrigger runs in, instead of the configuration's",
    parse: parseDnsLabel,
  },
  trust: {
    flag: "trust",
    env: "OUTRIGGER_TRUST",
    help: "ConfigMap with the public keys that sign policy, for --kube",
    parse: parseDnsLabel,
    fallback: "outrigger-trust",
  },
  certificates: {
    flag: "certificates",
    env: "OUTRIGGER_CERTIFICATES",
    help: "files: tls.crt and tls.key of a folder; self: made at start; cluster: signed by a Secret's authority",
    parse: (text: string) => parseWord(text, ["files", "self", "cluster"]),
    fallback: "self" as const,
  },
  caSecret: {
    flag: "ca-secret",
    env: "OUTRIGGER_CA_SECRET",
    help: "Secret with the authority, for --certificates cluster; made where it is missing",
    parse: parseDnsLabel,
    fallback: "outrigger-webhook-ca",
  },
  webhookConfiguration: {
    flag: "webhook-configuration",
    env: "OUTRIGGER_WEBHOOK_CONFIGURATION",
    help: "MutatingWebhookConfiguration that has to trust our certificate; outrigger for --certificates cluster, none else",
    parse: parseDnsLabel,
  },
  authorityLifetimeMs: {
    flag: "ca-lifetime",
    env: "OUTRIGGER_CA_LIFETIME",
    help: "life of an authority that is made here",
    parse: parseDuration,
    fallback: 365 * dayMs,
  },
  leafLifetimeMs: {
    flag: "leaf-lifetime",
    env: "OUTRIGGER_LEAF_LIFETIME",
    help: "life of a certificate that is signed here; it is renewed after two thirds",
    parse: parseDuration,
    fallback: 7 * dayMs,
  },
  certificateFolder: {
    flag: "certificate-folder",
    env: "OUTRIGGER_CERTIFICATE_FOLDER",
    help: "folder for --certificates files",
    parse: parseText,
    fallback: "/etc/outrigger/tls",
  },
  service: {
    flag: "service",
    env: "OUTRIGGER_SERVICE",
    help: "name of the webhook's Service, which certificates made here bear",
    parse: parseDnsLabel,
    fallback: "outrigger-webhook",
  },
  names: {
    flag: "names",
    env: "OUTRIGGER_NAMES",
    help: "further names of certificates made here",
    parse: parseNames,
    fallback: ["localhost", "127.0.0.1", "::1"] as readonly string[],
  },
  caOut: {
    flag: "ca-out",
    env: "OUTRIGGER_CA_OUT",
    help: "file that --certificates self writes its authority's certificate to",
    parse: parseText,
  },
  namespaces: {
    flag: "namespaces",
    env: "OUTRIGGER_NAMESPACES",
    help: "file with a NamespaceList, read again when it changes",
    parse: parseText,
  },
  namespaceAnnotations: {
    flag: "namespace-annotations",
    env: "OUTRIGGER_NAMESPACE_ANNOTATIONS",
    help: "annotations of every namespace, as JSON, instead of --namespaces",
    parse: parseAnnotations,
  },
  pollMs: {
    flag: "poll-interval",
    env: "OUTRIGGER_POLL_INTERVAL",
    help: "how often files are looked at",
    parse: parseDuration,
    fallback: 10_000,
  },
  shutdownDelayMs: {
    flag: "shutdown-delay",
    env: "OUTRIGGER_SHUTDOWN_DELAY",
    help: "time between unready and the end of listening",
    parse: parseDuration,
    fallback: 5_000,
  },
  ...programSettings,
} satisfies SettingTable;
