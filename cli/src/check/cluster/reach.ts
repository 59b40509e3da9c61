/**
 * The way to the Services of the installation: by their names from inside the cluster, else through ports that kubectl forwards.
 * Each is opened once, when it is first needed.
 */
import type { Endpoint } from "../../endpoint.ts";
import type { Release } from "../facts.ts";
import type { Look } from "../look.ts";
import type { Cluster } from "./cluster.ts";
import { startForward, type ClusterChoice } from "./kubectl.ts";
import { kinds } from "./resources.ts";

/** An address. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The ways. `close` ends what was opened. */
export interface Reach {
  readonly webhook: () => Promise<Look<Address>>;
  readonly aggregator: () => Promise<Look<Endpoint>>;
  readonly close: () => void;
}

/** What decides the way. `endpoint`: the aggregator's address as the user gave it; `credentials`: who asks there. */
export interface ReachOptions {
  readonly cluster: Cluster;
  readonly choice: ClusterChoice;
  readonly release: Release;
  readonly isInside: boolean;
  readonly endpoint: Endpoint | undefined;
  readonly credentials?: Endpoint["credentials"];
}

/** Creates the ways; nothing is opened yet. */
export function createReach(options: ReachOptions): Reach {
  const { cluster, choice, release, isInside, endpoint } = options;
  const caller = options.credentials === undefined ? {} : { credentials: options.credentials };
  const { namespace, name } = release;
  const closers: (() => void)[] = [];
  const onStart = (close: () => void): void => void closers.push(close);
  const open = async (service: string, port: string): Promise<Look<Address>> => {
    if (isInside) return findInside(cluster, { namespace, service });
    try {
      const forwarded = await startForward({ ...choice, namespace, target: `service/${service}`, port, onStart });
      return { ok: true, value: { host: "127.0.0.1", port: forwarded } };
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
  };
  let opened: Promise<Look<Endpoint>> | undefined;
  const openAggregator = async (): Promise<Look<Endpoint>> => {
    if (endpoint !== undefined) return { ok: true, value: { ...endpoint, ...caller } };
    const address = await open(`${name}-aggregator`, "http");
    if (!address.ok) return { ok: false, why: `${address.why}; --endpoint names another way to the aggregator` };
    const base = `http://${address.value.host}:${address.value.port}`;
    const setting = `service ${name}-aggregator`;
    return { ok: true, value: { base, mcpUrl: `${base}/mcp`, setting, ...caller } };
  };
  return {
    webhook: () => open(`${name}-webhook`, "https"),
    aggregator: () => (opened ??= openAggregator()),
    close: () => {
      for (const close of closers.splice(0)) close();
    },
  };
}

async function findInside(
  cluster: Cluster,
  { namespace, service }: { readonly namespace: string; readonly service: string },
): Promise<Look<Address>> {
  const found = await cluster.get({ resource: kinds.services, namespace, name: service });
  if (!found.ok) return found;
  const port = found.value.spec?.ports?.[0]?.port;
  return port === undefined
    ? { ok: false, why: `service ${service} has no port` }
    : { ok: true, value: { host: `${service}.${namespace}.svc`, port } };
}
