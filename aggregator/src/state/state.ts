/**
 * What the aggregator knows now: the catalogue, its index, how each sidecar is seen, what discovery says. Everything in it is
 * replaced, never changed, so readers keep what they hold. Decides nothing but when listeners hear of changes.
 */
import type { BackoffBounds } from "@outrigger/kube";
import type { Dispatcher } from "undici";
import { serverKey, type NamePlan, type ServerEntry, type ServerState, type ToolEntry } from "../catalog/entry.ts";
import { createFetcher, type FetcherOptions } from "../catalog/fetch.ts";
import { readEffectiveLimits, type EffectiveLimits } from "../catalog/limits.ts";
import { emptyCatalogue, mergeCatalogue, type CatalogueSnapshot } from "../catalog/merge.ts";
import { listReplicasFor } from "../catalog/replica.ts";
import { keySleepers, listSleepChanges } from "../catalog/sleepers.ts";
import type { CallTarget } from "../catalog/target.ts";
import type { SidecarView } from "../catalog/view.ts";
import { createDiscovery, type Discovered } from "../discovery/discovery.ts";
import type { DiscoverySource } from "../discovery/source.ts";
import { emptySnapshot, followCatalogue, type IndexSnapshot } from "../search/snapshot.ts";
import type { SleepFacts } from "../wake/judge.ts";
import type { ServerName } from "../wake/waker.ts";

/** What the state is made from. Times in ms. */
export interface StateOptions {
  readonly plan: NamePlan;
  readonly sources: readonly DiscoverySource[];
  /** Sockets for control ports. */
  readonly dispatcher: Dispatcher;
  /** Who can be vouched for; without it nobody is. */
  readonly vouching?: FetcherOptions["vouching"];
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Called after each update of the index with its duration in seconds. */
  readonly onIndexed: (seconds: number) => void;
  readonly graceMs?: number;
  readonly backoff?: BackoffBounds;
  /** How long changes are collected before listeners hear of them; default 250. */
  readonly settleMs?: number;
}

/** The running state. Every function gives what is known at this moment. */
export interface State {
  readonly start: () => Promise<void>;
  readonly catalogue: () => CatalogueSnapshot;
  readonly index: () => IndexSnapshot;
  /** How sidecars are seen, by key. */
  readonly views: () => ReadonlyMap<string, SidecarView>;
  readonly discovered: () => Discovered;
  /** How one sidecar is seen; undefined where it is not known any more. */
  readonly view: (sidecarKey: string) => SidecarView | undefined;
  /** The sidecars that can be asked for a tool. */
  readonly replicasOf: (target: CallTarget) => readonly SidecarView[];
  /** What is known of a server that may sleep, and of its replicas. */
  readonly sleepOf: (server: ServerName) => SleepFacts;
  /** What the policy of a tool's server limits, or limited when it was put to sleep; undefined where no sidecar of it was heard yet. */
  readonly limitsOf: (tool: ToolEntry) => EffectiveLimits | undefined;
  /** How a tool's server is; Dead where it is not known any more. */
  readonly stateOf: (tool: ToolEntry) => ServerState;
  /** True once every source was read and every sidecar found so far was listed or is known to be Degraded or Dead. */
  readonly isSettled: () => boolean;
  readonly onChange: (listener: () => void) => void;
  readonly stop: () => Promise<void>;
}

const vouchForNobody: FetcherOptions["vouching"] = {
  canVouch: () => false,
  headersFor: () => ({}),
  onChange: () => undefined,
};

/** Creates the state, stopped. */
export function createState(options: StateOptions): State {
  const { settleMs = 250 } = options;
  const listeners: (() => void)[] = [];
  let catalogue = emptyCatalogue(options.plan);
  let indexed = { catalogue, index: emptySnapshot() };
  let sleepers = keySleepers([]);
  let settling: NodeJS.Timeout | undefined;

  const index = (): IndexSnapshot => {
    if (indexed.catalogue !== catalogue) {
      const startedMs = performance.now();
      indexed = { catalogue, index: followCatalogue(indexed.index, catalogue) };
      options.onIndexed((performance.now() - startedMs) / 1_000);
    }
    return indexed.index;
  };
  const tellSoon = (): void => {
    settling ??= setTimeout(() => {
      settling = undefined;
      // Indexing here keeps it out of the next search.
      index();
      for (const listener of listeners) listener();
    }, settleMs);
  };
  const fetcher = createFetcher({
    ...options,
    vouching: options.vouching ?? vouchForNobody,
    onChange: (change) => {
      catalogue = mergeCatalogue(catalogue, change);
      tellSoon();
    },
    onView: tellSoon,
  });
  const discovery = createDiscovery(options.sources, (discovered) => {
    fetcher.follow(discovered.sidecars);
    const asleep = keySleepers(discovered.asleep);
    catalogue = listSleepChanges(sleepers, asleep).reduce(mergeCatalogue, catalogue);
    sleepers = asleep;
    tellSoon();
  });
  const serverOf = ({ namespace, server }: CallTarget): ServerEntry | undefined =>
    catalogue.servers.get(serverKey(namespace, server));

  const replicasOf = (target: CallTarget): readonly SidecarView[] => {
    const server = serverOf(target);
    if (server === undefined) return [];
    const holders = listReplicasFor(server, target);
    // A list that no replica holds any more is still served: any of them may have it again.
    const keys = holders.length > 0 ? holders : [...server.replicas.keys()];
    return keys.flatMap((key) => fetcher.view(key) ?? []);
  };

  return {
    start: discovery.start,
    catalogue: () => catalogue,
    index,
    views: fetcher.views,
    view: fetcher.view,
    discovered: discovery.current,
    replicasOf,
    limitsOf: (tool) => {
      const heard = replicasOf(tool).find(({ feed }) => feed !== undefined)?.feed;
      const enforced = (heard ?? sleepers.get(serverKey(tool.namespace, tool.server))?.state)?.policy.enforces;
      return enforced && readEffectiveLimits(enforced, tool.name);
    },
    sleepOf: ({ namespace, server }) => {
      const key = serverKey(namespace, server);
      const keys = [...(catalogue.servers.get(key)?.replicas.keys() ?? [])];
      const replicas = keys.flatMap((each) => fetcher.view(each) ?? []);
      const isOfServer = (each: ServerName): boolean => serverKey(each.namespace, each.server) === key;
      const obstacle = (): string | undefined =>
        replicas[0]?.message ?? discovery.current().problems.find(isOfServer)?.message;
      return { isAsleep: sleepers.has(key), replicas, obstacle };
    },
    stateOf: (tool) => serverOf(tool)?.state ?? "Dead",
    isSettled: () => discovery.isSynced() && fetcher.isSettled(),
    onChange: (listener) => void listeners.push(listener),
    stop: async () => {
      clearTimeout(settling);
      await discovery.stop();
      await fetcher.stop();
      clearTimeout(settling);
    },
  };
}
