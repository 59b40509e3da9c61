/** Turns settings into options that fit together: which server is fronted, what its policy says. Reads the policy file once. */
import type { AppProbe } from "@outrigger/api/app-probe";
import { readFile } from "node:fs/promises";
import { parseQuickPolicy, type PolicyDocument } from "@outrigger/policy";
import type { Settings } from "@outrigger/runtime/config";
import { createPolicyHolder, type PolicyHolder } from "./bundle/policy-in-force.ts";
import { resolveAddresses, type Address } from "./listen.ts";
import type { settingTable } from "./settings.ts";

/** The server behind the sidecar: one that listens, or a command that is run. */
export type ServerOptions =
  | { readonly form: "http"; readonly url: URL; readonly headers: readonly string[] }
  | {
      readonly form: "stdio";
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    };

/** Everything that the sidecar is started with. Times in ms. */
export interface SidecarOptions {
  readonly server: string;
  readonly upstream: ServerOptions;
  readonly listen: readonly Address[];
  readonly control: readonly Address[];
  readonly admin: readonly Address[];
  readonly path: string;
  readonly hosts: readonly string[];
  readonly policy: PolicyHolder;
  /** The file that the policy came from, with the text that was read first. */
  readonly policyFile?: { readonly path: string; readonly text: string };
  readonly callTimeoutMs: number;
  readonly drainMs: number;
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  readonly audit: "all" | "refusals" | "off";
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly watchStdin: boolean;
  readonly appProbes: ReadonlyMap<string, AppProbe>;
}

type Read<T> = { readonly ok: true } & T;
type Problems = { readonly ok: false; readonly problems: readonly string[] };

type Values = Settings<typeof settingTable>["values"];

/** Reads the options; all problems at once. Without a policy file everything is allowed that the annotations allow. */
export async function readOptions(
  settings: Settings<typeof settingTable>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Read<{ readonly options: SidecarOptions }> | Problems> {
  const upstream = readServer(settings, env);
  const policy = await readPolicy(settings.values);
  const addresses = readAddresses(settings.values);
  if (!upstream.ok || !policy.ok || !addresses.ok) {
    return { ok: false, problems: [upstream, policy, addresses].flatMap((each) => (each.ok ? [] : each.problems)) };
  }
  const { path, hosts, server, callTimeoutMs, maxSessions, sessionIdleMs, audit, logLevel, appProbes } =
    settings.values;
  return {
    ok: true,
    options: {
      ...{ path, hosts, server, callTimeoutMs, maxSessions, sessionIdleMs, audit, logLevel, appProbes },
      ...addresses.addresses,
      ...policy.policy,
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
): Promise<Read<{ readonly policy: Pick<SidecarOptions, "policy" | "policyFile"> }> | Problems> {
  const quick = readQuick(values.quickPolicy);
  const file = await readPolicyFile(values.policyFile);
  if (!quick.ok || !file.ok)
    return { ok: false, problems: [quick, file].flatMap((each) => (each.ok ? [] : each.problems)) };
  const created = createPolicyHolder(file.text, quick.layers);
  const where = values.policyFile ?? "policy";
  if (!created.ok) return { ok: false, problems: created.problems.map((problem) => `${where}: ${problem}`) };
  const source = values.policyFile === undefined ? {} : { policyFile: { path: values.policyFile, text: file.text } };
  return { ok: true, policy: { policy: created.holder, ...source } };
}

function readServer(
  settings: Settings<typeof settingTable>,
  env: Readonly<Record<string, string | undefined>>,
): Read<{ upstream: ServerOptions }> | Problems {
  const { upstream: url, upstreamHeaders, serverEnv } = settings.values;
  const [command, ...args] = settings.rest;
  if (url !== undefined && command !== undefined) {
    return {
      ok: false,
      problems: ["--upstream and a command behind -- exclude each other: a sidecar fronts one server"],
    };
  }
  if (url !== undefined) return { ok: true, upstream: { form: "http", url, headers: upstreamHeaders } };
  if (command !== undefined)
    return { ok: true, upstream: { form: "stdio", command, args, env: { ...withoutOurs(env), ...serverEnv } } };
  return { ok: false, problems: ["no server: give --upstream URL, or a command behind --"] };
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

async function readPolicyFile(path: string | undefined): Promise<Read<{ text: string }> | Problems> {
  if (path === undefined) return { ok: true, text: "{}" };
  try {
    return { ok: true, text: await readFile(path, "utf8") };
  } catch (error) {
    return {
      ok: false,
      problems: [`--policy: can't read ${path}: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
}
