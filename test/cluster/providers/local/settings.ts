/** Names, addresses and folders of the local cluster, from the environment. Every address of it lies in one /16. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Environment } from "../../provider.ts";

/** Everything that is fixed before the start. */
export interface LocalSettings {
  /** One word; names bridge and cgroup, so that two clusters can stand side by side. */
  readonly name: string;
  readonly bridge: string;
  /** The host's end of the node's cable. */
  readonly cable: string;
  /** Everything of a running cluster; removed by `down`. */
  readonly stateFolder: string;
  /** What is built once. */
  readonly cacheFolder: string;
  /** Folder with ready binaries, given instead of a build. */
  readonly readyBinaries: string | undefined;
  readonly kubeconfig: string;
  /** The whole range, and in it: */
  readonly clusterRange: string;
  readonly hostIp: string;
  readonly nodeIp: string;
  readonly podRange: string;
  readonly serviceRange: string;
  /** The `kubernetes` Service: always the first address of the range. */
  readonly apiServiceIp: string;
  readonly dnsIp: string;
  /** How late a changed ConfigMap or Secret may reach its mounted file, as a Go duration. */
  readonly syncFrequency: string;
  readonly proxyMode: string;
  /** Of Kubernetes' programs, as their flag has them: `A=true,B=false`. Undefined: as they come. */
  readonly featureGates: string | undefined;
}

/** Name of the only node. */
export const nodeName = "node1";

/** Reads the settings. Throws where one can't be used. */
export function readLocalSettings(env: Environment): LocalSettings {
  const name = read(env, "OUTRIGGER_CLUSTER_NAME", { fallback: "outrigger", form: /^[a-z][a-z0-9]{0,11}$/ });
  const subnet = read(env, "OUTRIGGER_CLUSTER_SUBNET", { fallback: "10.200", form: /^\d{1,3}\.\d{1,3}$/ });
  const readyBinaries = readPath(env, "OUTRIGGER_K8S_BIN");
  const stateFolder = resolve(readPath(env, "OUTRIGGER_CLUSTER_STATE") ?? `/var/lib/${name}-cluster`);
  return {
    name,
    bridge: `${name}0`,
    cable: `${name}n1`,
    stateFolder,
    cacheFolder: readCacheFolder(env),
    readyBinaries: readyBinaries === undefined ? undefined : resolve(readyBinaries),
    kubeconfig: join(stateFolder, "admin.kubeconfig"),
    clusterRange: `${subnet}.0.0/16`,
    hostIp: `${subnet}.255.1`,
    nodeIp: `${subnet}.255.11`,
    podRange: `${subnet}.1.0/24`,
    serviceRange: `${subnet}.128.0/18`,
    apiServiceIp: `${subnet}.128.1`,
    dnsIp: `${subnet}.128.10`,
    syncFrequency: read(env, "OUTRIGGER_CLUSTER_SYNC", { fallback: "1m", form: /^\d+(ms|s|m)$/ }),
    proxyMode: read(env, "OUTRIGGER_CLUSTER_PROXY_MODE", { fallback: "iptables", form: /^(iptables|nftables)$/ }),
    featureGates: readGates(env),
  };
}

/** Where builds and layers are kept between runs. */
export function readCacheFolder(env: Environment): string {
  const userCache = readPath(env, "XDG_CACHE_HOME") ?? join(homedir(), ".cache");
  return resolve(readPath(env, "OUTRIGGER_CACHE") ?? join(userCache, "outrigger-cluster"));
}

/** An empty value is none: as a path it would mean the current folder. */
function readPath(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === "" ? undefined : value;
}

function readGates(env: Environment): string | undefined {
  const gate = "[A-Z][A-Za-z0-9]*=(true|false)";
  const gates = read(env, "OUTRIGGER_CLUSTER_FEATURE_GATES", {
    fallback: "",
    form: new RegExp(`^${gate}(,${gate})*$`),
  });
  return gates === "" ? undefined : gates;
}

function read(env: Environment, name: string, { fallback, form }: { fallback: string; form: RegExp }): string {
  const value = env[name] ?? "";
  if (value === "") return fallback;
  if (!form.test(value)) throw new Error(`${name}: "${value}" does not have the form ${form.source}`);
  return value;
}
