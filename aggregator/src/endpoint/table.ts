/**
 * The endpoints that exist, by address. Decides when one is made: when it is first asked for and its group or server is there, or the
 * endpoint file names it. One that was used stays while its servers are away; one that the file no longer names ends.
 */
import { serverKey, type NamePlan, type ServerEntry } from "../catalog/entry.ts";
import { pathOf, type EndpointAddress } from "../plan/address.ts";
import type { Exposure } from "../plan/exposure.ts";
import { planEndpoint, type EndpointFile, type EndpointPlan } from "../plan/plan.ts";
import type { State } from "../state/state.ts";
import { createContent, type ContentOptions, type EndpointContent } from "./content.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Refusal } from "./respond.ts";
import { refuseUnknown } from "./unknown.ts";

/** What decides which endpoints there are: `exposure` is that of the settings, `file` gives the endpoint file in force. */
export interface PlanSource {
  readonly exposure: Exposure;
  readonly names: NamePlan;
  readonly file: () => EndpointFile;
}

/** What the table is made from. Times in ms. */
export interface TableOptions {
  readonly state: State;
  readonly plans: PlanSource;
  readonly create: (path: string, content: EndpointContent) => Endpoint;
  readonly factsOf: ContentOptions["factsOf"];
  readonly nowMs: () => number;
  readonly describeEveryMs?: number | undefined;
}

/** An endpoint with what it serves, or how a request for it is refused. */
export type FoundEndpoint =
  | { readonly ok: true; readonly endpoint: Endpoint; readonly content: EndpointContent }
  | { readonly ok: false; readonly refusal: Refusal };

/** Who asks: its id, and which servers it may hear of. */
export interface Asking {
  readonly caller: string;
  readonly maySee: (server: ServerEntry) => boolean;
}

/** The table. */
export interface EndpointTable {
  /** The endpoint at an address, for a caller. */
  readonly find: (address: EndpointAddress | undefined, asking: Asking) => FoundEndpoint;
  /** Brings all endpoints up to the state and the file. */
  readonly refresh: () => void;
  readonly list: () => readonly Endpoint[];
}

interface Entry {
  readonly address: EndpointAddress;
  readonly endpoint: Endpoint;
  readonly content: EndpointContent;
  /** Who was let in, the latest: nobody else learns of a server that has gone. */
  readonly callers: Set<string>;
}

const mostCallers = 1_000;

/** Creates the table, with the endpoint of all servers. */
export function createTable(options: TableOptions): EndpointTable {
  const { state, plans, factsOf, nowMs, describeEveryMs } = options;
  const entries = new Map<string, Entry>();

  const add = (address: EndpointAddress): Entry | undefined => {
    const planOf = followPlan(address, plans);
    if (planOf === undefined) return undefined;
    const content = createContent({ state, planOf, factsOf, nowMs, describeEveryMs });
    const path = pathOf(address);
    const entry = { address, endpoint: options.create(path, content), content, callers: new Set<string>() };
    entries.set(path, entry);
    return entry;
  };
  add({ kind: "all" });

  const isVisible = (address: EndpointAddress, maySee: (server: ServerEntry) => boolean): boolean => {
    const { servers } = state.catalogue();
    switch (address.kind) {
      case "all":
        return true;
      case "named":
        return plans.file().endpoints.has(address.name);
      case "group":
        return [...servers.values()].some((server) => isOfGroup(server, address) && maySee(server));
      case "server": {
        const namespace = address.namespace ?? (plans.names.qualify === "server" ? plans.names.namespace : "");
        const server = servers.get(serverKey(namespace, address.server));
        return server !== undefined && maySee(server);
      }
    }
  };

  const known = (maySee: (server: ServerEntry) => boolean) => ({
    servers: [...state.catalogue().servers.values()].filter(maySee),
    endpoints: [...plans.file().endpoints.keys()],
    names: plans.names,
    isSettled: state.isSettled(),
  });

  const endUnnamed = (): void => {
    for (const [path, { address, endpoint }] of entries) {
      if (address.kind !== "named" || plans.file().endpoints.has(address.name)) continue;
      entries.delete(path);
      void endpoint.close();
    }
  };

  return {
    find: (address, { caller, maySee }) => {
      const used = address === undefined ? undefined : entries.get(pathOf(address));
      const isThere = address !== undefined && (isVisible(address, maySee) || isAwayFor(used, caller));
      const entry = isThere ? (used ?? add(address)) : undefined;
      if (entry === undefined) return { ok: false, refusal: refuseUnknown(address, known(maySee)) };
      remember(entry.callers, caller);
      return { ok: true, endpoint: entry.endpoint, content: entry.content };
    },
    refresh: () => {
      endUnnamed();
      for (const { endpoint } of entries.values()) endpoint.refresh();
    },
    list: () => [...entries.values()].map(({ endpoint }) => endpoint),
  };

  /** Whoever used an endpoint finds it again while its servers are away: it then shows nothing. */
  function isAwayFor(used: Entry | undefined, caller: string): boolean {
    if (used === undefined || used.address.kind === "named") return false;
    return used.callers.has(caller) && !isVisible(used.address, () => true);
  }
}

function remember(callers: Set<string>, caller: string): void {
  callers.delete(caller);
  callers.add(caller);
  const [oldest] = callers;
  if (callers.size > mostCallers && oldest !== undefined) callers.delete(oldest);
}

function isOfGroup(server: ServerEntry, { group, namespace }: Extract<EndpointAddress, { kind: "group" }>): boolean {
  return server.group === group && (namespace === undefined || server.namespace === namespace);
}

/** The plan in force, made again where the file was replaced. One that the file no longer names keeps its last plan until it ends. */
function followPlan(address: EndpointAddress, { exposure, names, file }: PlanSource): (() => EndpointPlan) | undefined {
  let from = file();
  let plan = planEndpoint(address, { file: from, exposure, names });
  if (plan === undefined) return undefined;
  let last = plan;
  return () => {
    const next = file();
    if (next === from) return last;
    from = next;
    plan = planEndpoint(address, { file: from, exposure, names });
    last = plan ?? last;
    return last;
  };
}
