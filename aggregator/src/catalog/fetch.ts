/**
 * All sidecars that discovery knows, each followed on its own, so that a bad one delays nobody. The stage before `merge.ts`:
 * what comes out are changes of single replicas.
 */
import type { BackoffBounds } from "@outrigger/kube";
import type { Dispatcher } from "undici";
import type { DiscoveredSidecar } from "../discovery/source.ts";
import type { Vouching } from "../assertion/vouching.ts";
import { createPolicyCache } from "../visibility/policies.ts";
import { createDigestCache } from "./digests.ts";
import { serverKey } from "./entry.ts";
import type { ConnectFeed } from "./feed.ts";
import { followSidecar, type FollowDeps, type Follower } from "./follow.ts";
import type { CatalogueChange } from "./merge.ts";
import type { SidecarView } from "./view.ts";

/** What the fetcher needs. Times in ms. */
export interface FetcherOptions {
  /** Sockets for control ports, but for feeds. */
  readonly dispatcher: Dispatcher;
  readonly connectFeed: ConnectFeed;
  /** Who can be vouched for: it decides which catalogue of a sidecar is read. */
  readonly vouching: Pick<Vouching, "canVouch" | "headersFor" | "onChange">;
  readonly onChange: (change: CatalogueChange) => void;
  /** Called when how a sidecar is seen has changed. */
  readonly onView: () => void;
  /** A server has been dead for so long that its tools are listed no more. */
  readonly onForgotten?: (view: SidecarView) => void;
  /** How long tools of a dead server stay; default 10 minutes. */
  readonly graceMs?: number;
  readonly backoff?: BackoffBounds;
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** The running fetcher. */
export interface Fetcher {
  /** Takes the whole set that discovery knows now: new ones are followed, missing ones are gone. */
  readonly follow: (sidecars: readonly DiscoveredSidecar[]) => void;
  /** How each sidecar is seen, keyed by its key. */
  readonly views: () => ReadonlyMap<string, SidecarView>;
  readonly view: (key: string) => SidecarView | undefined;
  /** True where every sidecar was listed or is known to be Degraded or Dead. */
  readonly isSettled: () => boolean;
  readonly stop: () => Promise<void>;
}

const defaultGraceMs = 10 * 60_000;
const defaultBackoff: BackoffBounds = { firstMs: 500, longestMs: 30_000 };

/** Creates a fetcher that follows nobody yet. */
export function createFetcher(options: FetcherOptions): Fetcher {
  const digests = createDigestCache(options.dispatcher);
  const followers = new Map<string, Follower>();
  // A thousand lists that come at once must not be looked through a thousand times.
  const byServer = new Map<string, Set<Follower>>();
  // Asked with every request; undefined once a view has changed.
  let settled: boolean | undefined;

  const keepWantedDigests = (key: string): void => {
    const digestsOf = [...(byServer.get(key) ?? [])].flatMap((follower) => follower.digest() ?? []);
    digests.keepOnly(key, new Set(digestsOf));
  };

  const add = (sidecar: DiscoveredSidecar): void => {
    const follower = followSidecar(sidecar, deps);
    followers.set(sidecar.key, follower);
    const key = keyOf(sidecar);
    byServer.set(key, (byServer.get(key) ?? new Set()).add(follower));
  };

  const end = (key: string, follower: Follower): void => {
    followers.delete(key);
    const ofServer = keyOf(follower.view().sidecar);
    byServer.get(ofServer)?.delete(follower);
    if (byServer.get(ofServer)?.size === 0) byServer.delete(ofServer);
    keepWantedDigests(ofServer);
    // Nothing is reported by a follower once it is told to stop, so nobody waits for its sockets.
    void follower.stop();
    const { namespace, server } = follower.view().sidecar;
    options.onChange({ kind: "removed", replica: { id: key }, namespace, server });
  };

  const onView = (): void => {
    settled = undefined;
    options.onView();
  };
  const deps: FollowDeps = {
    ...options,
    onView,
    digests,
    policies: createPolicyCache(options.dispatcher),
    onListed: keepWantedDigests,
    graceMs: options.graceMs ?? defaultGraceMs,
    backoff: options.backoff ?? defaultBackoff,
  };

  options.vouching.onChange(() => {
    for (const follower of followers.values()) follower.reconsider();
  });

  return {
    follow: (sidecars) => {
      const found = new Map(sidecars.map((sidecar) => [sidecar.key, sidecar]));
      for (const [key, follower] of [...followers]) {
        const next = found.get(key);
        if (next === undefined || isElsewhere(follower.view().sidecar, next)) end(key, follower);
      }
      for (const [key, sidecar] of found) {
        const known = followers.get(key);
        if (known === undefined) add(sidecar);
        else if (known.view().sidecar !== sidecar) known.update(sidecar);
      }
      onView();
    },
    views: () => new Map([...followers].map(([key, follower]) => [key, follower.view()])),
    view: (key) => followers.get(key)?.view(),
    isSettled: () => (settled ??= [...followers.values()].every((follower) => follower.view().isSettled)),
    stop: async () => {
      await Promise.all([...followers.values()].map((follower) => follower.stop()));
      followers.clear();
      byServer.clear();
    },
  };
}

const keyOf = ({ namespace, server }: DiscoveredSidecar): string => serverKey(namespace, server);

/** Another address or identity is another sidecar, even under the same key. */
function isElsewhere(a: DiscoveredSidecar, b: DiscoveredSidecar): boolean {
  return a.controlUrl !== b.controlUrl || a.namespace !== b.namespace || a.server !== b.server;
}
