/**
 * The resources that callers want to hear of when they change. Each is listened to once for each caller, however many of its streams ask;
 * decides when listening begins, how it goes on after a stream ended, and when it stops.
 */
import { setTimeout as pause } from "node:timers/promises";
import { wireErrors } from "@outrigger/api/errors";
import { createBackoff } from "@outrigger/kube";
import type { ClientInfo, RpcError } from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import type { Principal } from "../../auth/principal.ts";
import type { CallTarget } from "../../catalog/target.ts";
import type { SidecarView } from "../../catalog/view.ts";
import type { DiscoveredSidecar } from "../../discovery/source.ts";
import type { UpstreamSessions } from "../sessions.ts";
import { listenLegacy } from "./listen-legacy.ts";
import { listenModern } from "./listen-modern.ts";
import { cannotWatch } from "./listening.ts";
import type { createSessionStreams } from "./session-streams.ts";

/** What is watched for whom. `caller`: whose upstream sessions may be used. */
export interface Watched {
  readonly target: CallTarget;
  readonly caller: string;
  readonly principal: Principal;
}

/** What watches are made from. */
export interface WatchOptions {
  readonly dispatcher: Dispatcher;
  readonly clientInfo: ClientInfo;
  readonly sessions: UpstreamSessions;
  readonly streams: ReturnType<typeof createSessionStreams>;
  readonly replicasOf: (target: CallTarget) => readonly SidecarView[];
  readonly dialFor: (principal: Principal, sidecar: DiscoveredSidecar) => DiscoveredSidecar;
  readonly random: () => number;
}

/** Whether it is watched now: then `release` ends that for this listener. */
export type WatchStart =
  { readonly ok: true; readonly release: () => void } | { readonly ok: false; readonly error: RpcError };

/** The watches. */
export interface Watches {
  /** Resolves when the server has agreed or refused. `onUpdated` is called at each change from then on. */
  readonly watch: (watched: Watched, onUpdated: () => void) => Promise<WatchStart>;
  readonly stop: () => void;
}

interface Watch {
  readonly listeners: Set<() => void>;
  readonly ending: AbortController;
  /** Undefined: agreed. */
  readonly started: Promise<RpcError | undefined>;
}

/** Most resources that are watched at once: each may hold a stream open. */
const maxWatches = 4_096;
const backoffBounds = { firstMs: 500, longestMs: 30_000 };
const startMs = 15_000;

const tooMany: RpcError = {
  code: wireErrors.FloodLimited.jsonRpcCode,
  message: `No more than ${maxWatches} resources may be watched at once; try again later.`,
};

/** Creates them, none yet. */
export function createWatches(options: WatchOptions): Watches {
  const watches = new Map<string, Watch>();

  const listenOnce = async (
    watched: Watched,
    how: { onReady: () => void; onUpdated: () => void; signal: AbortSignal },
  ) => {
    const { target, caller, principal } = watched;
    const view = options.replicasOf(target).find(({ feed, state }) => feed?.era !== undefined && state !== "Dead");
    if (view === undefined) return undefined;
    const sidecar = options.dialFor(principal, view.sidecar);
    const listening = { uri: target.name, ...how };
    return view.feed?.era === "modern"
      ? listenModern(options, sidecar, listening)
      : listenLegacy({ ...options, caller }, sidecar, listening);
  };

  const open = (key: string, watched: Watched): Watch => {
    const ending = new AbortController();
    const { signal } = ending;
    const listeners = new Set<() => void>();
    const { promise: started, resolve } = Promise.withResolvers<RpcError | undefined>();
    const backoff = createBackoff(options.random, backoffBounds);
    const onReady = (): void => {
      backoff.reset();
      resolve(undefined);
    };
    const onUpdated = (): void => {
      for (const tell of listeners) tell();
    };
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        const refusal = await listenOnce(watched, { onReady, onUpdated, signal }).catch(() => undefined);
        if (refusal !== undefined) {
          resolve(refusal);
          watches.delete(key);
          return;
        }
        // Rejects when nobody listens any more.
        await pause(backoff.next(), undefined, { signal }).catch(() => undefined);
      }
    };
    void run();
    void pause(startMs, undefined, { signal, ref: false }).then(
      () => resolve(cannotWatch),
      () => resolve(cannotWatch),
    );
    return { listeners, ending, started };
  };

  return {
    watch: async (watched, onUpdated) => {
      const key = keyOf(watched);
      const known = watches.get(key);
      if (known === undefined && watches.size >= maxWatches) return { ok: false, error: tooMany };
      const watch = known ?? open(key, watched);
      watches.set(key, watch);
      // Each listener counts, also where one function comes twice.
      const tell = (): void => onUpdated();
      watch.listeners.add(tell);
      const release = (): void => {
        watch.listeners.delete(tell);
        if (watch.listeners.size > 0) return;
        watch.ending.abort();
        if (watches.get(key) === watch) watches.delete(key);
      };
      const error = await watch.started;
      if (error === undefined) return { ok: true, release };
      release();
      return { ok: false, error };
    },
    stop: () => {
      for (const { ending } of watches.values()) ending.abort();
      watches.clear();
    },
  };
}

function keyOf({ target, caller }: Watched): string {
  return [target.namespace, target.server, caller, target.name].join("\u0000");
}
