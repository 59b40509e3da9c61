/**
 * Every label and annotation of Outrigger: key, where it stands, who sets it, what it means, which values are right.
 * Nothing else in the repository spells a key; the reference page is generated from this table.
 */
import {
  parseArgv,
  parseCpu,
  parseDnsLabel,
  parseHosts,
  parseMemory,
  parsePath,
  parsePort,
  parseTime,
  parseVariable,
  parseWhole,
  parseWord,
  type Parsed,
} from "./values.ts";
import { healthKeys } from "./health-keys.ts";
import { keyPrefix, type KeyDefinition } from "./key-definition.ts";
import { quickPolicyKeys } from "./quick-policy-keys.ts";
import { routingKeys } from "./routing-keys.ts";
import { sleepKeys } from "./sleep-keys.ts";
import { words } from "./words.ts";

export { keyPrefix };

const plainText = (value: string): Parsed<string> => ({ ok: true, value });
const oneOf = (list: readonly string[]): string => list.map((word) => `\`${word}\``).join(" or ");

const user = { setBy: "user" } as const;
const ours = { setBy: "outrigger", on: ["pod"], parse: plainText } as const;
const podAndNamespace = ["pod", "namespace"] as const;

/** The table. Property names are what code uses; `key` is what manifests use. */
export const keys = {
  inject: {
    ...user,
    key: `${keyPrefix}inject`,
    kind: "label",
    on: podAndNamespace,
    meaning: "Opts a pod, or every pod of a namespace, in or out of injection. The pod's own label wins.",
    form: oneOf(words.inject),
    example: "enabled",
    parse: (value) => parseWord(value, words.inject),
  },
  enforce: {
    ...user,
    key: `${keyPrefix}enforce`,
    kind: "label",
    on: ["namespace"],
    meaning: "Makes injection mandatory in a namespace: opting out by pod label is refused.",
    form: oneOf(words.enforce),
    example: "required",
    parse: (value) => parseWord(value, words.enforce),
  },
  transport: {
    ...user,
    key: `${keyPrefix}transport`,
    kind: "annotation",
    on: podAndNamespace,
    meaning:
      "How the server speaks MCP: Streamable HTTP, the older HTTP+SSE, or standard input and output. Default: the sidecar finds out which of the first two it is.",
    form: oneOf(words.transport),
    example: "sse",
    parse: (value) => parseWord(value, words.transport),
  },
  port: {
    ...user,
    key: `${keyPrefix}port`,
    kind: "annotation",
    on: ["pod"],
    meaning:
      "Where the server listens: the number or the name of one of the container's ports. Default: its only TCP port.",
    form: "a port number or a port name of the container",
    example: "8080",
    parse: (value) => (parsePort(value).ok || parseDnsLabel(value).ok ? plainText(value) : parsePort(value)),
  },
  path: {
    ...user,
    key: `${keyPrefix}path`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "The path of the server's MCP endpoint; with transport sse the path of its stream, by default `/sse`.",
    form: "an absolute path",
    example: "/mcp",
    default: "/mcp",
    parse: parsePath,
  },
  container: {
    ...user,
    key: `${keyPrefix}container`,
    kind: "annotation",
    on: ["pod"],
    meaning: "Which container is the MCP server. Default: the only one.",
    form: "the name of a container of the pod",
    example: "app",
    parse: parseDnsLabel,
  },
  portMode: {
    ...user,
    key: `${keyPrefix}port-mode`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "How traffic is made to pass the sidecar.",
    form: oneOf(words.portMode),
    example: "loopback",
    default: "sidecar-port",
    parse: (value) => parseWord(value, words.portMode),
  },
  hostEnv: {
    ...user,
    key: `${keyPrefix}host-env`,
    kind: "annotation",
    on: ["pod"],
    meaning:
      "Port mode env: the variable that tells the server which address to bind; `127.0.0.1` unless a value is given.",
    form: "NAME or NAME=value",
    example: "HOST=127.0.0.1",
    parse: parseVariable,
  },
  portEnv: {
    ...user,
    key: `${keyPrefix}port-env`,
    kind: "annotation",
    on: ["pod"],
    meaning: "Port mode env: the variable that tells the server which port to bind.",
    form: "NAME",
    example: "PORT",
    parse: parseVariable,
  },
  listenPort: {
    ...user,
    key: `${keyPrefix}listen-port`,
    kind: "annotation",
    on: ["pod"],
    meaning: "The sidecar's own data port in port modes sidecar-port and named-port, and with transport stdio.",
    form: "a port number",
    example: "19080",
    default: "19080",
    parse: parsePort,
  },
  probes: {
    ...user,
    key: `${keyPrefix}probes`,
    kind: "annotation",
    on: ["pod"],
    meaning:
      "Whether the server's own probes are led through the sidecar. Default: rewrite in loopback and env, keep elsewhere.",
    form: oneOf(words.probes),
    example: "keep",
    parse: (value) => parseWord(value, words.probes),
  },
  stdioCommand: {
    ...user,
    key: `${keyPrefix}stdio-command`,
    kind: "annotation",
    on: ["pod"],
    meaning:
      "Transport stdio: what the image runs, where the container names no command. The container's args follow it; the image's own are not used.",
    form: "a JSON array of strings",
    example: '["node","server.js"]',
    parse: parseArgv,
  },
  maxSessions: {
    ...user,
    key: `${keyPrefix}max-sessions`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "Transport stdio: how many sessions, each a process of the server, a pod holds at once.",
    form: "a whole number from 1 to 10000",
    example: "16",
    default: "64",
    parse: (value) => parseWhole(value, { min: 1, max: 10_000 }),
  },
  maxHttpSessions: {
    ...user,
    key: `${keyPrefix}max-http-sessions`,
    kind: "annotation",
    on: podAndNamespace,
    meaning:
      "Servers that listen: how many sessions clients may have open with a pod at once. Beyond it a new one is refused until one has been idle for half an hour.",
    form: "a whole number from 1 to 1000000",
    example: "500",
    default: "10000",
    parse: (value) => parseWhole(value, { min: 1, max: 1_000_000 }),
  },
  ...quickPolicyKeys,
  hosts: {
    ...user,
    key: `${keyPrefix}hosts`,
    kind: "annotation",
    on: podAndNamespace,
    meaning:
      "Further Host names under which the server may be called, besides the pod's addresses and its names inside the cluster.",
    form: "a comma-separated list of host names",
    example: "mcp.example.com",
    parse: parseHosts,
  },
  group: {
    ...user,
    key: `${keyPrefix}group`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "The server group, which is also an endpoint of its own: `/mcp/g/NAME`.",
    form: "a DNS label",
    example: "development",
    default: "default",
    parse: parseDnsLabel,
  },
  sidecarCpuRequest: {
    ...user,
    key: `${keyPrefix}sidecar-cpu-request`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "CPU request of the sidecar.",
    form: "a CPU quantity",
    example: "50m",
    default: "50m",
    parse: parseCpu,
  },
  sidecarCpuLimit: {
    ...user,
    key: `${keyPrefix}sidecar-cpu-limit`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "CPU limit of the sidecar; 0 is none. Default: none.",
    form: "a CPU quantity",
    example: "500m",
    parse: parseCpu,
  },
  sidecarMemoryRequest: {
    ...user,
    key: `${keyPrefix}sidecar-memory-request`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "Memory request of the sidecar.",
    form: "a memory quantity",
    example: "64Mi",
    default: "64Mi",
    parse: parseMemory,
  },
  sidecarMemoryLimit: {
    ...user,
    key: `${keyPrefix}sidecar-memory-limit`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "Memory limit of the sidecar; 0 is none, but in Guaranteed pods.",
    form: "a memory quantity",
    example: "160Mi",
    default: "160Mi",
    parse: parseMemory,
  },
  drainSeconds: {
    ...user,
    key: `${keyPrefix}drain-seconds`,
    kind: "annotation",
    on: podAndNamespace,
    meaning:
      "How long calls under way may take to end when the pod ends, or the server's container is restarted: the server is told to stop only afterwards, by a preStop hook that the webhook adds. At most two thirds of the pod's grace period. A container with a preStop hook of its own keeps it, and none is added; `0` adds none.",
    form: "a whole number from 0 to 3600",
    example: "20",
    default: "20",
    parse: (value) => parseWhole(value, { min: 0, max: 3_600 }),
  },
  callDeadline: {
    ...user,
    key: `${keyPrefix}call-deadline`,
    kind: "annotation",
    on: podAndNamespace,
    meaning:
      "The longest time of a whole call, whatever comes meanwhile. A caller that has less time left may say so in `Outrigger-Timeout-Ms`; then that holds, and the server is told what is left of it. A change on a running pod holds within seconds, without a restart.",
    form: 'a duration such as "90s" or "5m", at most 576h',
    example: "5m",
    default: "1h",
    parse: parseTime,
  },
  ...healthKeys,
  ...routingKeys,
  ...sleepKeys,
  logLevel: {
    ...user,
    key: `${keyPrefix}log-level`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "Log level of the sidecar. A change on a running pod holds within seconds, without a restart.",
    form: oneOf(words.logLevel),
    example: "debug",
    default: "info",
    parse: (value) => parseWord(value, words.logLevel),
  },
  injected: {
    ...ours,
    key: `${keyPrefix}injected`,
    kind: "label",
    meaning: "Marks a pod that carries the sidecar; selectors, network policies and the aggregator use it.",
    form: "`true`",
    example: "true",
  },
  server: {
    ...ours,
    key: `${keyPrefix}server`,
    kind: "label",
    meaning: "The server's name, taken from the pod's owner.",
    form: "a DNS label",
    example: "github",
  },
  endpoint: {
    ...ours,
    key: `${keyPrefix}endpoint`,
    kind: "annotation",
    meaning: "Port and path that the aggregator dials on the pod's IP address.",
    form: "<port><path>",
    example: "19080/mcp",
  },
  policy: {
    ...ours,
    key: `${keyPrefix}policy`,
    kind: "annotation",
    meaning:
      "The signed policy of the pod: at first that of its namespace, then that of its server. The sidecar takes it only with a signature that it trusts.",
    form: "a compact JWS",
    example: "eyJhbGciOiJFZERTQSJ9.e30.c2ln",
  },
  status: {
    ...ours,
    key: `${keyPrefix}status`,
    kind: "annotation",
    meaning: "What was injected: version, port mode, guarantee, configuration hash, containers and volumes, as JSON.",
    form: "a JSON object",
    example: '{"version":"0.3.0","mode":"loopback","guarantee":"loopback"}',
  },
  enforced: {
    ...ours,
    key: `${keyPrefix}enforced`,
    kind: "annotation",
    meaning: "Whether a way round the sidecar was found when it was looked for, with the reason, as JSON.",
    form: "a JSON object",
    example: '{"status":"True","reason":"PolicyEnforced","message":"2 addresses tried from outrigger-system: closed"}',
  },
} as const satisfies Record<string, KeyDefinition>;

/** Name of an entry of {@link keys}. */
export type KeyName = keyof typeof keys;

/** All definitions in the order of the table. */
export const keyList: readonly KeyDefinition[] = Object.values(keys);

/** The definition of a full key, or undefined where the key is not ours. */
export function findKey(key: string): KeyDefinition | undefined {
  return keyList.find((definition) => definition.key === key);
}
