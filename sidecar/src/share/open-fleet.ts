/** Opens what counts over all replicas, as far as it is configured: the shared store, and the shares that come with the pod's files. */
import type { Logger } from "@outrigger/runtime/logger";
import type { Trust } from "../bundle/verify-bundle.ts";
import type { Fleet } from "../call/exchange.ts";
import { counter, gauge } from "../telemetry/exposition.ts";
import { createFleet } from "./fleet.ts";
import { createShareSource, watchShares } from "./share-source.ts";
import { createSharedStore, type SharedStore, type StoreClient } from "./shared-store.ts";

/** Where it counts. `shares`: the folder in which they come, and whose are taken. */
export interface FleetOptions {
  readonly store: URL | undefined;
  readonly shares: { readonly folder: string; readonly trust: Trust } | undefined;
}

/** What it is made for and with. `now`: a steady clock in ms. */
export interface FleetParts {
  readonly server: string;
  readonly namespace: string | undefined;
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly logger: Logger;
}

/** What is open. */
export interface OpenFleet {
  readonly fleet: Fleet;
  /** Sentences for whoever asks whether the sidecar is ready: none of them keeps it from serving. */
  readonly details: () => readonly { readonly name: string; readonly ok: boolean; readonly message: string }[];
  readonly expose: () => string;
  readonly close: () => Promise<void>;
}

/** Opens it; undefined where nothing is configured. The store's library is loaded only where there is a store. */
export function openFleet({ store: url, shares: place }: FleetOptions, parts: FleetParts): OpenFleet | undefined {
  if (url === undefined && place === undefined) return undefined;
  const store = url === undefined ? undefined : openStore(url, parts);
  const leased = place === undefined ? undefined : openShares(place, parts);
  return {
    fleet: createFleet({ store, shares: leased?.shares }),
    details: () => (store === undefined ? [] : [describeStore(store)]),
    expose: () => exposeStore(store) + exposeShares(leased?.shares.count()),
    close: async () => {
      leased?.watch.close();
      await store?.close();
    },
  };
}

function openStore(url: URL, { server, namespace = "", now, logger }: FleetParts): SharedStore {
  return createSharedStore(loadClient(url, `outrigger:${namespace}:${server}`), now, (state) => {
    if (state === "away") logger.warn({ state }, "the shared store does not answer; the pod's own share holds");
    else logger.info({ state }, "the shared store answers again");
  });
}

function openShares({ folder, trust }: NonNullable<FleetOptions["shares"]>, { wallNow, logger }: FleetParts) {
  const shares = createShareSource(trust, wallNow);
  const refused = (): void => logger.error("shares of limits were refused; the last good ones hold");
  return { shares, watch: watchShares(shares, folder, refused) };
}

function loadClient(url: URL, prefix: string): StoreClient {
  const loading = import("./valkey-client.ts").then(({ createValkeyClient }) => createValkeyClient(url, prefix));
  return {
    consume: async (key, rate) => (await loading).consume(key, rate),
    close: async () => (await loading).close(),
  };
}

function describeStore(store: SharedStore) {
  const message = store.isAway() ? "the shared store does not answer; the pod's own share holds" : "ok";
  return { name: "shared-store", ok: !store.isAway(), message };
}

function exposeStore(store: SharedStore | undefined): string {
  if (store === undefined) return "";
  const help = "1 while the store that counts for all replicas does not answer.";
  const failures = "Calls for which the store that counts for all replicas did not answer.";
  return (
    gauge("sidecar_shared_store_away", help, [["", store.isAway() ? 1 : 0]]) +
    counter("sidecar_shared_store_failures_total", failures, [["", store.failures()]])
  );
}

function exposeShares(count: { readonly known: number; readonly stale: number } | undefined): string {
  if (count === undefined) return "";
  return gauge("sidecar_shares", "Shares of limits that count over all replicas, and of them those that are stale.", [
    [`state="current"`, count.known - count.stale],
    [`state="stale"`, count.stale],
  ]);
}
