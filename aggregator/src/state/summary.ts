/** The ingestion summary: how many servers were read, how many could not be, how many tools came of it. Pure. */
import { serverKey, type ServerState } from "../catalog/entry.ts";
import type { CatalogueSnapshot } from "../catalog/merge.ts";
import type { Discovered } from "../discovery/discovery.ts";

/**
 * The summary. Every server counts once: `successful` has a list and answers or is asleep, `failed` is dead, could not be listed or can't
 * be dialled, `pending` has not said anything yet. `faults`: places that can't be searched for servers now.
 */
export interface Summary {
  readonly servers: number;
  readonly successful: number;
  readonly failed: number;
  readonly pending: number;
  readonly tools: number;
  readonly states: Readonly<Record<ServerState, number>>;
  readonly faults: readonly string[];
}

/** Sums up. */
export function summarise(catalogue: CatalogueSnapshot, discovered: Discovered): Summary {
  const states = { Initializing: 0, Ready: 0, Degraded: 0, Dead: 0, Cold: 0 };
  const counts = { successful: 0, failed: 0, pending: 0 };
  for (const server of catalogue.servers.values()) {
    states[server.state]++;
    const couldNotList = server.digest === undefined && server.findings.some(({ reason }) => reason === "ListFailed");
    if (server.state === "Dead" || couldNotList) counts.failed++;
    else if (server.digest === undefined) counts.pending++;
    else counts.successful++;
  }
  for (const [, reason] of listUndialled(catalogue, discovered)) {
    const isStarting = reason === "Starting";
    states[isStarting ? "Initializing" : "Dead"]++;
    counts[isStarting ? "pending" : "failed"]++;
  }
  const servers = counts.successful + counts.failed + counts.pending;
  return { servers, ...counts, tools: catalogue.tools.length, states, faults: discovered.faults };
}

/** Servers of which no replica can be dialled, with the reason of the first. */
function listUndialled(catalogue: CatalogueSnapshot, { problems }: Discovered): ReadonlyMap<string, string> {
  const undialled = new Map<string, string>();
  for (const { namespace, server, reason } of problems) {
    const key = serverKey(namespace, server);
    if (!catalogue.servers.has(key) && !undialled.has(key)) undialled.set(key, reason);
  }
  return undialled;
}
