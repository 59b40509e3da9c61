/**
 * Follows one sidecar: turns its feed into changes of the catalogue. Decides when a list is read again, and that the tools
 * of a dead server stay for a grace period and then go, while the server itself stays visible.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Catalogue, FeedState } from "@outrigger/api/feed";
import { createBackoff, type BackoffBounds } from "@outrigger/kube";
import type { DiscoveredSidecar } from "../discovery/source.ts";
import { createGuard, type ListGuard } from "../visibility/guard.ts";
import { chooseView, guardKeyOf, isSameView, type WantedView } from "../visibility/wanted.ts";
import type { PolicyCache } from "../visibility/policies.ts";
import type { Vouching } from "../assertion/vouching.ts";
import { asker } from "../assertion/vouching.ts";
import type { DigestCache } from "./digests.ts";
import { serverKey, type ToolDefinition } from "./entry.ts";
import { followFeed, type ConnectFeed } from "./feed.ts";
import type { CatalogueChange, FailedChange } from "./merge.ts";
import { readTexts } from "./texts.ts";
import { createView, hearState, loseSidecar, type SidecarView } from "./view.ts";

/** What all followers share. `graceMs`: how long tools of a dead server stay. */
export interface FollowDeps {
  readonly connectFeed: ConnectFeed;
  readonly digests: DigestCache;
  readonly policies: PolicyCache;
  readonly vouching: Pick<Vouching, "canVouch" | "headersFor">;
  readonly onChange: (change: CatalogueChange) => void;
  readonly onView: () => void;
  /** A server has been dead for so long that its tools are listed no more. */
  readonly onForgotten?: (view: SidecarView) => void;
  /** Called with the key of its server when a list was read. */
  readonly onListed: (serverKey: string) => void;
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
  /** Looks again at which of the sidecar's catalogues is wanted: who may vouch has changed. */
  readonly reconsider: () => void;
  /** Takes what discovery says now; the address must be the same as before. */
  readonly update: (sidecar: DiscoveredSidecar) => void;
  readonly stop: () => Promise<void>;
}

/** Shortest time between two reads of one sidecar's list: servers that change it all the time are read twice a second. */
const settleMs = 500;

/** Starts following. */
export function followSidecar(found: DiscoveredSidecar, deps: FollowDeps): Follower {
  const { digests, onChange, onView, nowMs } = deps;
  const ending = new AbortController();
  const { signal } = ending;
  const key = serverKey(found.namespace, found.server);
  let view = createView(found, nowMs());
  let listed: Listed | undefined;
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
    deps.onForgotten?.(view);
    const { namespace, server } = view.sidecar;
    onChange({ kind: "removed", replica: { id: found.key }, namespace, server });
    fail();
    onView();
  };

  const wantedNow = (): WantedView | undefined => chooseView(view.feed, deps.vouching.canVouch);

  const tellCatalogue = (message?: string): void => {
    if (listed === undefined || !isSameView(listed.wanted, wantedNow()) || isForgotten) fail(message);
    else onChange(describeList(view, listed));
  };

  const fetchView = async (wanted: WantedView): Promise<Listed> => {
    const { controlUrl, server } = view.sidecar;
    const headers = deps.vouching.headersFor(asker, view.sidecar, view.feed?.vouchers);
    const { digest, policy: hash } = wanted;
    const catalogue = await digests.get({ serverKey: key, digest, controlUrl, headers });
    if (hash === undefined) return { wanted, catalogue, guard: undefined };
    const policy = await deps.policies.get({ serverKey: key, hash, controlUrl, headers });
    const guard = createGuard({
      key: guardKeyOf({ digest, policy: hash }),
      server,
      policy,
      hints: catalogue.hints ?? {},
    });
    return { wanted, catalogue, guard };
  };

  /** Reads the wanted list until it is there; what is wanted may change meanwhile. */
  const fetchWanted = async (): Promise<void> => {
    const backoff = createBackoff(deps.random, deps.backoff);
    for (let wanted = wantedNow(); wanted !== undefined && !isSameView(wanted, listed?.wanted); wanted = wantedNow()) {
      let waitMs = settleMs;
      try {
        const fetched = await fetchView(wanted);
        if (signal.aborted) return;
        listed = fetched;
        show({ ...view, fetchFailure: undefined, isSettled: true });
        tellCatalogue();
        deps.onListed(key);
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
    fetchSoon();
  };

  const fetchSoon = (): void => {
    const wanted = wantedNow();
    if (wanted === undefined || isSameView(wanted, listed?.wanted)) return;
    fetching ??= fetchWanted().finally(() => {
      fetching = undefined;
    });
  };

  const feed = followFeed({
    controlUrl: found.controlUrl,
    connect: deps.connectFeed,
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
    digest: () => wantedNow()?.digest,
    reconsider: () => {
      tellCatalogue();
      fetchSoon();
    },
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

/** A catalogue that was read, and who sees what of it. */
interface Listed {
  readonly wanted: WantedView;
  readonly catalogue: Catalogue;
  readonly guard: ListGuard | undefined;
}

function describeList({ sidecar, state, feed }: SidecarView, { catalogue, guard }: Listed): CatalogueChange {
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
      ...(guard === undefined ? {} : { guard }),
      state,
      // A claim of the server: who takes the list looks at each entry's name.
      tools: catalogue.tools as readonly ToolDefinition[],
      prompts: catalogue.prompts,
      resources: catalogue.resources,
      resourceTemplates: catalogue.resourceTemplates,
    },
    ...(catalogue.limited ? { limited: true } : {}),
  };
}
