/**
 * What the aggregator knows now: the catalogue, its index, how each sidecar is seen, what discovery says. Everything in it is
 * replaced, never changed, so readers keep what they hold. Decides nothing but when listeners hear of changes.
 */
import type { BackoffBounds } from "@outrigger/kube";
import type { Dispatcher } from "undici";
import { serverKey, type NamePlan, type ServerEntry, type ServerState, type ToolEntry } from "../catalog/entry.ts";
import { createFetcher, type FetcherOptions } from "../catalog/fetch.ts";
import { readEffectiveLimits, type EffectiveLimits } from "../catalog/limits.ts";
import {
  draftCatalogue,
  emptyCatalogue,
  type CatalogueChange,
  type CatalogueDraft,
  type CatalogueSnapshot,
} from "../catalog/merge.ts";
import { listReplicasFor } from "../catalog/replica.ts";
import { keySleepers, listSleepChanges } from "../catalog/sleepers.ts";
import type { CallTarget } from "../catalog/target.ts";
import type { SidecarView } from "../catalog/view.ts";
import { createDiscovery, type Discovered } from "../discovery/discovery.ts";
import type { DiscoverySource, GoneSidecar } from "../discovery/source.ts";
import { emptySnapshot, followCatalogue, type IndexSnapshot } from "../search/snapshot.ts";
import type { SleepFacts } from "../wake/judge.ts";
import type { ServerName } from "../wake/waker.ts";
import { nextPhase, type Phase } from "./phase.ts";

/** What the state is made from. Times in ms. */
export interface StateOptions {
  readonly plan: NamePlan;
  readonly sources: readonly DiscoverySource[];
  /** Sockets for control ports, but for feeds. */
  readonly dispatcher: Dispatcher;
  readonly connectFeed: FetcherOptions["connectFeed"];
  /** Who can be vouched for; without it nobody is. */
  readonly vouching?: FetcherOptions["vouching"];
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Called after each update of the index with its duration in seconds. */
  readonly onIndexed: (seconds: number) => void;
  /** A sidecar is dialled no more. */
  readonly onGone?: (gone: GoneSidecar) => void;
  /** A server has been dead for so long that its tools are listed no more. */
  readonly onForgotten?: (view: SidecarView) => void;
  readonly graceMs?: number;
  readonly backoff?: BackoffBounds;
  /** Shortest time for which changes are collected before listeners hear of them; default 50. */
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
  /** How far it has come since the start. */
  readonly phase: () => Phase;
  readonly onChange: (listener: () => void) => void;
  readonly stop: () => Promise<void>;
}

const vouchForNobody: FetcherOptions["vouching"] = {
  canVouch: () => false,
  headersFor: () => ({}),
  onChange: () => undefined,
};

/** Of a busy time, such as the start, no more than a fifth goes into telling listeners; the longest wait is this. */
const restPerWork = 4;
const longestSettleMs = 500;

/** Creates the state, stopped. */
export function createState(options: StateOptions): State {
  const { settleMs = 50 } = options;
  const listeners: (() => void)[] = [];
  let merged = emptyCatalogue(options.plan);
  let draft: CatalogueDraft | undefined;
  let indexed = { catalogue: merged, index: emptySnapshot() };
  let lastTookMs = 0;
  let sleepers = keySleepers([]);
  let settling: NodeJS.Timeout | undefined;

  const catalogue = (): CatalogueSnapshot => {
    merged = draft?.close() ?? merged;
    draft = undefined;
    return merged;
  };
  const change = (each: CatalogueChange): void => {
    draft ??= draftCatalogue(merged);
    draft.apply(each);
  };
  const index = (): IndexSnapshot => {
    const now = catalogue();
    if (indexed.catalogue !== now) {
      const startedMs = performance.now();
      indexed = { catalogue: now, index: followCatalogue(indexed.index, now) };
      options.onIndexed((performance.now() - startedMs) / 1_000);
    }
    return indexed.index;
  };
  const tell = (): void => {
    const startedMs = performance.now();
    settling = undefined;
    // Indexing here keeps it out of the next search.
    index();
    for (const listener of listeners) listener();
    lastTookMs = performance.now() - startedMs;
  };
  const tellSoon = (): void => {
    settling ??= setTimeout(tell, Math.max(settleMs, Math.min(restPerWork * lastTookMs, longestSettleMs)));
  };
  const fetcher = createFetcher({
    ...options,
    vouching: options.vouching ?? vouchForNobody,
    onChange: (each) => {
      change(each);
      tellSoon();
    },
    onView: tellSoon,
  });
  const discovery = createDiscovery(
    options.sources,
    (discovered) => {
      fetcher.follow(discovered.sidecars);
      const asleep = keySleepers(discovered.asleep);
      listSleepChanges(sleepers, asleep).forEach(change);
      sleepers = asleep;
      tellSoon();
    },
    options.onGone,
  );
  let phaseNow: Phase = "unread";
  let readingSinceMs: number | undefined;
  const isSettled = (): boolean => discovery.isSynced() && fetcher.isSettled();
  const phase = (): Phase => {
    if (phaseNow === "read") return phaseNow;
    const isHeard = discovery.isHeard();
    if (isHeard) readingSinceMs ??= performance.now();
    const readingMs = readingSinceMs === undefined ? 0 : performance.now() - readingSinceMs;
    phaseNow = nextPhase(phaseNow, { isHeard, isSettled: isHeard && isSettled(), readingMs });
    return phaseNow;
  };
  const serverOf = ({ namespace, server }: CallTarget): ServerEntry | undefined =>
    catalogue().servers.get(serverKey(namespace, server));

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
    catalogue,
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
      const keys = [...(catalogue().servers.get(key)?.replicas.keys() ?? [])];
      const replicas = keys.flatMap((each) => fetcher.view(each) ?? []);
      const isOfServer = (each: ServerName): boolean => serverKey(each.namespace, each.server) === key;
      const obstacle = (): string | undefined =>
        replicas[0]?.message ?? discovery.current().problems.find(isOfServer)?.message;
      return { isAsleep: sleepers.has(key), replicas, obstacle };
    },
    stateOf: (tool) => serverOf(tool)?.state ?? "Dead",
    ...{ isSettled, phase },
    onChange: (listener) => void listeners.push(listener),
    stop: async () => {
      clearTimeout(settling);
      await discovery.stop();
      await fetcher.stop();
      clearTimeout(settling);
    },
  };
}
