/** Turns settings into options that fit together: which server is fronted, what its policy says. Opens the files of policy. */
import type { AppProbeEntry } from "@outrigger/api/app-probe";
import { parseQuickPolicy, type PolicyDocument } from "@outrigger/policy";
import type { Settings } from "@outrigger/runtime/config";
import { readJwks } from "@outrigger/runtime/jws";
import { readTraceSettings, type TraceSettings } from "@outrigger/runtime/trace-settings";
import { openPolicy, type OpenPolicy } from "./bundle/open-policy.ts";
import type { Trust } from "./bundle/verify-bundle.ts";
import { readAssertionKeys } from "./intake/assertion-keys.ts";
import { readOutgoing, plainWay, type OutgoingOptions } from "./credentials/outgoing.ts";
import { readIntake, type IntakeOptions } from "./intake/intake.ts";
import { resolveAddresses, type Address } from "./listen.ts";
import { readHealth, type HealthOptions } from "./probe/settings.ts";
import type { settingTable } from "./settings.ts";
import { findForbiddenEndpoints } from "@outrigger/runtime/collectors";
import type { HttpTransport } from "./upstream/transport.ts";

/** The server behind the sidecar: one that listens, a command that is run here, or one that the shim runs elsewhere. */
export type ServerOptions =
  | {
      readonly form: "http";
      readonly url: URL;
      readonly headers: readonly string[];
      /** Undefined: it is found out. */
      readonly transport: HttpTransport | undefined;
      /** Credentials and certificates, and what clients show that it must not see. */
      readonly outgoing: OutgoingOptions;
    }
  | {
      readonly form: "stdio";
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly form: "stdio-socket"; readonly socket: string };

/** Everything that the sidecar is started with. Times in ms. */
export interface SidecarOptions {
  readonly server: string;
  readonly upstream: ServerOptions;
  readonly listen: readonly Address[];
  readonly control: readonly Address[];
  readonly admin: readonly Address[];
  readonly path: string;
  readonly hosts: readonly string[];
  readonly policy: OpenPolicy;
  /** The folder in which the pod's annotations stand; undefined outside a pod. */
  readonly podInfo: string | undefined;
  /** Ids of the keys that may sign a bundle; undefined where policy is not signed. */
  readonly trustKeyIds: readonly string[] | undefined;
  readonly callTimeoutMs: number;
  readonly intake: IntakeOptions;
  readonly health: HealthOptions;
  readonly drainMs: number;
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  readonly audit: "all" | "refusals" | "off";
  /** `stdout`, or the path of a file. */
  readonly auditTo: string;
  /** Undefined where traces are not exported. */
  readonly traces: TraceSettings | undefined;
  readonly namespace: string | undefined;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly watchStdin: boolean;
  readonly appProbes: ReadonlyMap<string, AppProbeEntry>;
  readonly stopHooks: ReadonlyMap<string, number>;
}

type Read<T> = { readonly ok: true } & T;
type Problems = { readonly ok: false; readonly problems: readonly string[] };

type Values = Settings<typeof settingTable>["values"];

/**
 * Reads the options; all problems at once. Without a policy file and without keys for a bundle everything is allowed that the
 * annotations allow.
 */
export async function readOptions(
  settings: Settings<typeof settingTable>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Read<{ readonly options: SidecarOptions }> | Problems> {
  const upstream = await readServerAndWay(settings, env);
  const policy = await readPolicy(settings.values);
  const addresses = readAddresses(settings.values);
  const callers = await readAssertionKeys(settings.values);
  const collectors = findForbiddenEndpoints(env);
  if (!upstream.ok || !policy.ok || !addresses.ok || !callers.ok || collectors.length > 0) {
    const problems = [upstream, policy, addresses, callers].flatMap((each) => (each.ok ? [] : each.problems));
    return { ok: false, problems: [...problems, ...collectors] };
  }
  const { path, hosts, server, callTimeoutMs, maxSessions, sessionIdleMs, audit, logLevel, appProbes, stopHooks } =
    settings.values;
  return {
    ok: true,
    options: {
      ...{ path, hosts, server, callTimeoutMs, maxSessions, sessionIdleMs, audit, logLevel, appProbes, stopHooks },
      ...{ auditTo: settings.values.auditTo, namespace: settings.values.namespace, traces: readTraceSettings(env) },
      ...addresses.addresses,
      intake: readIntake(settings.values, { keys: callers.keys, trust: policy.trust }),
      health: readHealth(settings.values),
      policy: policy.policy,
      podInfo: settings.values.podInfo,
      trustKeyIds: readJwks(settings.values.trustKeys)?.keys.map(({ kid }) => kid),
      upstream: upstream.upstream,
      drainMs: settings.values.drainSeconds * 1_000,
      watchStdin: settings.values.watchStdin === "yes",
    },
  };
}

function readAddresses(
  values: Values,
): Read<{ readonly addresses: Pick<SidecarOptions, "listen" | "control" | "admin"> }> | Problems {
  const asked = [...values.listen, ...values.control, ...values.admin];
  if (values.podIps.length === 0 && asked.some(({ host }) => host === "pod")) {
    return { ok: false, problems: ["an address has the host pod, and OUTRIGGER_POD_IPS does not say which that is"] };
  }
  const resolve = (addresses: readonly Address[]): readonly Address[] => resolveAddresses(addresses, values);
  const { listen, control, admin } = values;
  return { ok: true, addresses: { listen: resolve(listen), control: resolve(control), admin: resolve(admin) } };
}

async function readPolicy(
  values: Values,
): Promise<Read<{ readonly policy: OpenPolicy; readonly trust: Trust | undefined }> | Problems> {
  const quick = readQuick(values.quickPolicy);
  const trust = readTrust(values);
  if (!quick.ok || !trust.ok)
    return { ok: false, problems: [quick, trust].flatMap((each) => (each.ok ? [] : each.problems)) };
  const { policyFile, podInfo } = values;
  const pinned = trust.trust === undefined ? {} : { trust: trust.trust };
  const opened = await openPolicy({ policyFile, podInfo, floor: quick.layers, wallNow: () => Date.now(), ...pinned });
  return opened.ok ? { ...opened, trust: trust.trust } : opened;
}

/** Keys are never repeated in a message: whoever mixes the halves up must not find the private one in a log. */
function readTrust(values: Values): Read<{ readonly trust: Trust | undefined }> | Problems {
  const { trustKeys, namespace, server, podInfo, policyFile } = values;
  if (trustKeys === undefined) return { ok: true, trust: undefined };
  const keys = readJwks(trustKeys);
  const problems: string[] = [];
  if (keys === undefined)
    problems.push("OUTRIGGER_TRUST_KEYS: expected a JWKS of public Ed25519 keys, each with a kid");
  if (policyFile !== undefined) problems.push("--policy and --trust-keys exclude each other: a bundle is the policy");
  if (podInfo === undefined) problems.push("--trust-keys needs --pod-info: the folder in which the bundle comes");
  if (namespace === undefined) problems.push("--trust-keys needs --namespace: a bundle is meant for one");
  if (keys === undefined || namespace === undefined || problems.length > 0) return { ok: false, problems };
  return { ok: true, trust: { keys, namespace, server } };
}

async function readServerAndWay(
  settings: Settings<typeof settingTable>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Read<{ upstream: ServerOptions }> | Problems> {
  const server = readServer(settings, env);
  const outgoing = await readOutgoing(settings.values, settings.values.upstream);
  if (!server.ok || !outgoing.ok)
    return { ok: false, problems: [server, outgoing].flatMap((each) => (each.ok ? [] : each.problems)) };
  const { upstream } = server;
  return { ok: true, upstream: upstream.form === "http" ? { ...upstream, outgoing: outgoing.outgoing } : upstream };
}

function readServer(
  settings: Settings<typeof settingTable>,
  env: Readonly<Record<string, string | undefined>>,
): Read<{ upstream: ServerOptions }> | Problems {
  const { upstream: url, upstreamHeaders, stdioSocket: socket, serverEnv, transport } = settings.values;
  const [command, ...args] = settings.rest;
  if ([url, socket, command].filter((each) => each !== undefined).length > 1) {
    const message =
      "--upstream, --stdio-socket and a command behind -- exclude each other: a sidecar fronts one server";
    return { ok: false, problems: [message] };
  }
  if (url !== undefined)
    return { ok: true, upstream: { form: "http", url, headers: upstreamHeaders, transport, outgoing: plainWay } };
  if (transport !== undefined) return { ok: false, problems: ["--transport says how the server at --upstream speaks"] };
  if (socket !== undefined) return { ok: true, upstream: { form: "stdio-socket", socket } };
  if (command !== undefined)
    return { ok: true, upstream: { form: "stdio", command, args, env: { ...withoutOurs(env), ...serverEnv } } };
  return { ok: false, problems: ["no server: give --upstream URL, --stdio-socket PATH, or a command behind --"] };
}

/** A server's process inherits the environment, but not what was meant for the sidecar. */
function withoutOurs(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(kept.filter(([name]) => !name.startsWith("OUTRIGGER_")));
}

function readQuick(value: unknown): Read<{ layers: readonly PolicyDocument[] }> | Problems {
  if (value === undefined) return { ok: true, layers: [] };
  const quick = parseQuickPolicy(value);
  if (quick.ok) return quick;
  return {
    ok: false,
    problems: quick.problems.map(
      (problem) => `OUTRIGGER_QUICK_POLICY: ${problem.path.join(".")}: expected ${problem.expected}`,
    ),
  };
}
