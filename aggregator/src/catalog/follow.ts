/**
 * Follows one sidecar: turns its feed into changes of the catalogue. Decides when a list is read again, and that the tools
 * of a dead server stay for a grace period and then go, while the server itself stays visible.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Catalogue, FeedState } from "@outrigger/api/feed";
import { createBackoff, type BackoffBounds } from "@outrigger/kube";
import type { Dispatcher } from "undici";
import type { DiscoveredSidecar } from "../discovery/source.ts";
import type { DigestCache } from "./digests.ts";
import { serverKey, type ToolDefinition } from "./entry.ts";
import { followFeed } from "./feed.ts";
import type { CatalogueChange, FailedChange } from "./merge.ts";
import { readTexts } from "./texts.ts";
import { createView, hearState, loseSidecar, type SidecarView } from "./view.ts";

/** What all followers share. `graceMs`: how long tools of a dead server stay. */
export interface FollowDeps {
  readonly dispatcher: Dispatcher;
  readonly digests: DigestCache;
  readonly onChange: (change: CatalogueChange) => void;
  readonly onView: () => void;
  /** Called when a list was read. */
  readonly onListed: () => void;
  readonly graceMs: number;
  readonly backoff: BackoffBounds;
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** One sidecar under observation. */
export interface Follower {
  readonly view: () => SidecarView;
  /** The catalogue that is wanted, for the cache. */
  readonly digest: () => string | undefined;
  /** Takes what discovery says now; the address must be the same as before. */
  readonly update: (sidecar: DiscoveredSidecar) => void;
  readonly stop: () => Promise<void>;
}

/** Shortest time between two reads of one sidecar's list: servers that change it all the time are read once a second. */
const settleMs = 1_000;

/** Starts following. */
export function followSidecar(found: DiscoveredSidecar, deps: FollowDeps): Follower {
  const { digests, onChange, onView, nowMs } = deps;
  const ending = new AbortController();
  const { signal } = ending;
  const key = serverKey(found.namespace, found.server);
  let view = createView(found, nowMs());
  let listed: { readonly digest: string; readonly catalogue: Catalogue } | undefined;
  let isForgotten = false;
  let grace: NodeJS.Timeout | undefined;
  let fetching: Promise<void> | undefined;

  const show = (next: SidecarView): void => {
    view = next;
    if (view.state !== "Dead") {
      clearTimeout(grace);
      grace = undefined;
      isForgotten = false;
    } else grace ??= setTimeout(forget, deps.graceMs);
    onView();
  };

  const fail = (message?: string): void => onChange(describeFailure(view, message));

  const forget = (): void => {
    isForgotten = true;
    const { namespace, server } = view.sidecar;
    onChange({ kind: "removed", replica: { id: found.key }, namespace, server });
    fail();
    onView();
  };

  const tellCatalogue = (message?: string): void => {
    const wanted = view.feed?.digest;
    if (listed === undefined || listed.digest !== wanted || isForgotten) fail(message);
    else onChange(describeList(view, listed.catalogue));
  };

  /** Reads the wanted list until it is there; what is wanted may change meanwhile. */
  const fetchWanted = async (): Promise<void> => {
    const backoff = createBackoff(deps.random, deps.backoff);
    for (
      let wanted = view.feed?.digest;
      wanted !== undefined && wanted !== listed?.digest;
      wanted = view.feed?.digest
    ) {
      let waitMs = settleMs;
      try {
        const { controlUrl } = view.sidecar;
        const catalogue = await digests.get({ serverKey: key, digest: wanted, controlUrl });
        if (signal.aborted) return;
        listed = { digest: wanted, catalogue };
        show({ ...view, fetchFailure: undefined, isSettled: true });
        tellCatalogue();
        deps.onListed();
      } catch (error) {
        if (signal.aborted) return;
        const message = error instanceof Error ? error.message : String(error);
        show({ ...view, fetchFailure: message, isSettled: true });
        fail(message);
        waitMs = backoff.next();
      }
      // Rejects when this follower stops.
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  };

  const hear = (feed: FeedState): void => {
    show(hearState(view, feed, nowMs()));
    tellCatalogue(feed.catalogue.reason === "ListFailed" ? feed.catalogue.message : undefined);
    if (feed.digest === undefined || feed.digest === listed?.digest) return;
    fetching ??= fetchWanted().finally(() => {
      fetching = undefined;
    });
  };

  const feed = followFeed({
    controlUrl: found.controlUrl,
    dispatcher: deps.dispatcher,
    onState: hear,
    onDown: (message) => {
      show(loseSidecar(view, message, nowMs()));
      fail();
    },
    backoff: deps.backoff,
    random: deps.random,
  });
  fail();

  return {
    view: () => view,
    digest: () => view.feed?.digest,
    update: (sidecar) => {
      // Whoever started slowly is asked seldom by now.
      if (sidecar.isReady && !view.sidecar.isReady) feed.hurry();
      show({ ...view, sidecar });
      tellCatalogue();
    },
    stop: async () => {
      ending.abort();
      clearTimeout(grace);
      await Promise.all([feed.stop(), fetching]);
    },
  };
}

function describeFailure({ sidecar, state }: SidecarView, message: string | undefined): FailedChange {
  const { key, namespace, server, group, createdAt } = sidecar;
  const replica = { id: key, createdAtMs: Date.parse(createdAt) || 0 };
  return { kind: "failed", replica, namespace, server, group, state, ...(message === undefined ? {} : { message }) };
}

function describeList({ sidecar, state, feed }: SidecarView, catalogue: Catalogue): CatalogueChange {
  const { key, namespace, server, group, createdAt } = sidecar;
  return {
    kind: "listed",
    replica: { id: key, createdAtMs: Date.parse(createdAt) || 0 },
    catalogue: {
      namespace,
      server,
      group,
      digest: catalogue.digest,
      ...(feed === undefined ? {} : readTexts(feed)),
      state,
      // A claim of the server: who takes the list looks at each entry's name.
      tools: catalogue.tools as readonly ToolDefinition[],
    },
    ...(catalogue.limited ? { limited: true } : {}),
  };
}
