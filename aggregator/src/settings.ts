/**
 * The aggregator's settings: flags, variables, defaults, and what does not go together. Pure; main.ts passes argv and environment.
 */
import { sidecarService } from "@outrigger/api/cluster-objects";
import { aggregatorPorts } from "@outrigger/api/ports";
import { fileNamespace } from "@outrigger/api/server-file";
import { parseDnsLabel, parseDuration, parseWhole, parseWord } from "@outrigger/api/values";
import { parseClusterPlace } from "@outrigger/kube";
import { findForbiddenEndpoints } from "@outrigger/runtime/collectors";
import { auditSettings } from "@outrigger/runtime/audit-settings";
import { parseListenAddress, parseText, readSettings, type ParsedSetting } from "@outrigger/runtime/config";
import { programSettings } from "@outrigger/runtime/program-settings";
import { readTraceSettings, type TraceSettings } from "@outrigger/runtime/trace-settings";
import { authSettings, checkAuth } from "./auth/auth-settings.ts";
import type { NamePlan } from "./catalog/entry.ts";
import type { ListReference } from "./discovery/config-map.ts";
import { checkEndpoints, endpointSettings } from "./plan/settings.ts";
import { checkReplicas, replicaSettings } from "./replicas/settings.ts";

/** The settings about servers that sleep. */
const wakeSettings = {
  asleep: {
    flag: "asleep",
    env: "OUTRIGGER_ASLEEP",
    help: "namespace in which the operator keeps what servers list while they sleep; without it none is known",
    parse: parseDnsLabel,
  },
  wakeUrl: {
    flag: "wake-url",
    env: "OUTRIGGER_WAKE_URL",
    help: "base URL at which the operator is asked to wake a server; without it sleeping servers can't be called",
    parse: parseBaseUrl,
  },
  wakeToken: {
    flag: "wake-token",
    env: "OUTRIGGER_WAKE_TOKEN",
    help: "file with the token for --wake-url; read again for each request",
    parse: parseText,
  },
  wakeQueue: {
    flag: "wake-queue",
    env: "OUTRIGGER_WAKE_QUEUE",
    help: "most calls that wait for one server to wake, 0 to 1000; more are refused",
    parse: (text: string) => parseWhole(text, { min: 0, max: 1_000 }),
    fallback: 100,
  },
  wakeTimeoutMs: {
    flag: "wake-timeout",
    env: "OUTRIGGER_WAKE_TIMEOUT",
    help: "longest time that a call waits for its server to wake",
    parse: parseDuration,
    fallback: 60_000,
  },
};

/** The table of settings. */
export const settingTable = {
  listen: {
    flag: "listen",
    env: "OUTRIGGER_LISTEN",
    help: "address of the MCP endpoint and the read API",
    parse: parseListenAddress,
    fallback: { host: "127.0.0.1", port: aggregatorPorts.endpoint },
  },
  admin: {
    flag: "admin",
    env: "OUTRIGGER_ADMIN",
    help: "address of health and metrics",
    parse: parseListenAddress,
    fallback: { host: "127.0.0.1", port: aggregatorPorts.admin },
  },
  servers: {
    flag: "servers",
    env: "OUTRIGGER_SERVERS",
    help: "server file whose entries name sidecars; read again when it changes",
    parse: parseText,
  },
  serverLists: {
    flag: "server-lists",
    env: "OUTRIGGER_SERVER_LISTS",
    help: "comma-separated NAMESPACE/NAME of ConfigMaps that hold such a file as servers.json; followed by a watch",
    parse: parseLists,
    fallback: [] as readonly ListReference[],
  },
  kube: {
    flag: "kube",
    env: "OUTRIGGER_KUBE",
    help: "find pods: in-cluster, kubeconfig, or a base URL such as that of kubectl proxy",
    parse: parseClusterPlace,
  },
  namespaces: {
    flag: "namespaces",
    env: "OUTRIGGER_NAMESPACES",
    help: "comma-separated namespaces in which pods are found; all of them where absent",
    parse: parseNamespaces,
    fallback: [] as readonly string[],
  },
  services: {
    flag: "services",
    env: "OUTRIGGER_SERVICES",
    help: `labelled: the addresses of Services with the label ${sidecarService.label}=${sidecarService.labelValue} are sidecars too; off: of no Service`,
    parse: (text: string) => parseWord(text, ["off", "labelled"]),
    fallback: "off" as "off" | "labelled",
  },
  ...endpointSettings,
  names: {
    flag: "names",
    env: "OUTRIGGER_NAMES",
    help: "names of tools: server__tool or namespace__server__tool; by server without --kube, else by namespace",
    parse: (text: string) => parseWord(text, ["server", "namespace"]),
  },
  assertionKey: {
    flag: "assertion-key",
    env: "OUTRIGGER_ASSERTION_KEY",
    help: "file with the private key (JWK or JWKS, newest first) that vouches for callers to sidecars; read again when it changes",
    parse: parseText,
  },
  hosts: {
    flag: "hosts",
    env: "OUTRIGGER_HOSTS",
    help: "comma-separated Host names that are accepted beside loopback names",
    parse: parseList,
    fallback: [] as readonly string[],
  },
  origins: {
    flag: "origins",
    env: "OUTRIGGER_ORIGINS",
    help: "comma-separated Origins (or their host names) that are accepted beside loopback ones",
    parse: parseList,
    fallback: [] as readonly string[],
  },
  callDeadlineMs: {
    flag: "call-deadline",
    env: "OUTRIGGER_CALL_DEADLINE",
    help: "longest time of a call as a whole; sidecars and servers are told what is left of it",
    parse: parseDuration,
    fallback: 120_000,
  },
  ...authSettings,
  ...wakeSettings,
  ...replicaSettings,
  ...auditSettings,
  ...programSettings,
};

type Values = Extract<ReturnType<typeof readTable>, { ok: true }>["settings"]["values"];

/** Everything that the program runs with. */
export interface AggregatorSettings extends Omit<Values, "names"> {
  readonly plan: NamePlan;
  /** From the variables of OpenTelemetry; undefined where traces are not exported. */
  readonly traces: TraceSettings | undefined;
}

/** The settings, or every problem with them. */
export type ReadAggregatorSettings =
  | { readonly ok: true; readonly settings: AggregatorSettings }
  | { readonly ok: false; readonly problems: readonly string[] };

/** What settings are read from. */
export interface SettingsInput {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads and checks everything at once. */
export function readAggregatorSettings(input: SettingsInput): ReadAggregatorSettings {
  const read = readTable(input);
  if (!read.ok) return read;
  const { names, ...values } = read.settings.values;
  const problems = read.settings.rest.map((argument) => `unexpected argument ${JSON.stringify(argument)}`);
  problems.push(...checkPlaces(values));
  problems.push(...checkWaking(values));
  problems.push(...checkAuth(values));
  problems.push(...checkReplicas(values));
  problems.push(...checkEndpoints(values));
  const plan = planNames(names ?? (values.kube === undefined ? "server" : "namespace"), values);
  if (typeof plan === "string") return { ok: false, problems: [...problems, plan] };
  problems.push(...findForbiddenEndpoints(input.env));
  const traces = readTraceSettings(input.env);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, settings: { ...values, plan, traces } };
}

/** What says where servers are, and can't be meant. */
function checkPlaces({ kube, servers, namespaces, serverLists, services }: Omit<Values, "names">): readonly string[] {
  if (kube !== undefined) return [];
  return [
    ...(servers === undefined ? ["nothing to serve: give --servers FILE, --kube MODE or both"] : []),
    ...(namespaces.length > 0 ? ["--namespaces goes with --kube"] : []),
    ...(serverLists.length > 0 ? ["--server-lists goes with --kube"] : []),
    ...(services === "labelled" ? ["--services goes with --kube"] : []),
  ];
}

function readTable(input: SettingsInput) {
  return readSettings(settingTable, input);
}

/** The plan, or why names without namespace would not tell servers apart. */
function planNames(names: "server" | "namespace", values: Omit<Values, "names">): NamePlan | string {
  if (names === "namespace") return { qualify: "namespace" };
  if (values.kube === undefined) return { qualify: "server", namespace: fileNamespace };
  const listed = values.serverLists.map(({ namespace }) => namespace);
  const [only, ...others] = new Set([...values.namespaces, ...listed]);
  if (only === undefined || values.namespaces.length === 0 || others.length > 0 || values.servers !== undefined) {
    return "--names server needs exactly one place: --servers alone, or --kube with one namespace, also of --server-lists";
  }
  return { qualify: "server", namespace: only };
}

function checkWaking({ kube, asleep, wakeUrl, wakeToken }: Omit<Values, "names">): readonly string[] {
  return [
    ...(asleep !== undefined && kube === undefined ? ["--asleep goes with --kube"] : []),
    ...(wakeUrl !== undefined && asleep === undefined ? ["--wake-url goes with --asleep"] : []),
    ...((wakeUrl === undefined) === (wakeToken === undefined) ? [] : ["--wake-url and --wake-token go together"]),
  ];
}

/** The base of an address, without the slash at its end. */
function parseBaseUrl(text: string): ParsedSetting<string> {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === ""
    ? { ok: true, value: url.origin }
    : {
        ok: false,
        expected: "an http or https URL without a path, such as http://outrigger-operator.example.svc:8082",
      };
}

function parseList(text: string): ParsedSetting<readonly string[]> {
  const items = text.split(",").map((item) => item.trim().toLowerCase());
  return items.every((item) => item !== "")
    ? { ok: true, value: items }
    : { ok: false, expected: "a comma-separated list" };
}

function parseLists(text: string): ParsedSetting<readonly ListReference[]> {
  const list = parseList(text);
  const references = list.ok ? list.value.map((item) => listForm.exec(item)?.groups) : [undefined];
  const lists = references.flatMap((parts) => {
    const { namespace = "", name = "" } = parts ?? {};
    return parseDnsLabel(namespace).ok && name !== "" ? [{ namespace, name }] : [];
  });
  return lists.length === references.length
    ? { ok: true, value: lists }
    : { ok: false, expected: 'a comma-separated list of ConfigMaps such as "partners/servers"' };
}

/** Namespace and name, which may hold dots. */
const listForm = /^(?<namespace>[^/]+)\/(?<name>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)$/;

function parseNamespaces(text: string): ParsedSetting<readonly string[]> {
  const list = parseList(text);
  const areLabels = list.ok && list.value.every((item) => parseDnsLabel(item).ok);
  return areLabels ? list : { ok: false, expected: "a comma-separated list of namespaces" };
}
