/**
 * Folds one change of one replica into an immutable catalogue; the stage after `fetch.ts` and before `search/segment.ts`.
 * A failed list never takes away what is known. An empty one is believed, because the sidecar vouches for it: it tells a server
 * that answers with nothing (asked again) from a policy that hides everything (which must hold here at once). When a replica
 * counts as gone is decided by who sends the change: there is no clock here.
 */
import type { HealthState } from "@outrigger/api/feed";
import {
  comparePublicNames,
  readList,
  serverKey,
  type KeptCatalogue,
  type KnownList,
  type NamePlan,
  type ReplicaRecord,
  type ServerCatalogue,
  type ServerEntry,
  type ToolEntry,
} from "./entry.ts";
import { describeServer } from "./replica.ts";

/** Everything that is known at one moment. `servers` is keyed by `namespace/server`; `tools` is ordered by public name. */
export interface CatalogueSnapshot {
  readonly plan: NamePlan;
  readonly servers: ReadonlyMap<string, ServerEntry>;
  readonly tools: readonly ToolEntry[];
}

/** A replica: its id (pod uid or name) and when it was created (Unix epoch, ms). */
export interface Replica {
  readonly id: string;
  readonly createdAtMs: number;
}

/** A list was read. `limited`: the sidecar said that its server lists more than a sidecar takes. */
export interface ListedChange {
  readonly kind: "listed";
  readonly replica: Replica;
  readonly catalogue: ServerCatalogue;
  readonly limited?: boolean;
}

/** No list could be read, or only the state changed; `message` is absent in the second case. */
export interface FailedChange {
  readonly kind: "failed";
  readonly replica: Replica;
  readonly namespace: string;
  readonly server: string;
  readonly group: string;
  readonly state: HealthState;
  readonly message?: string;
}

/** A replica is gone for good. */
export interface RemovedChange {
  readonly kind: "removed";
  readonly replica: Pick<Replica, "id">;
  readonly namespace: string;
  readonly server: string;
}

/**
 * What is kept of a server that was put to sleep, in place of what was kept before. `guardKey`: of the list of all callers that it had then, where
 * callers see different things. Only who can vouch for callers was given that list, so it is not kept; whoever has it goes on with it.
 */
export interface AsleepChange {
  readonly kind: "asleep";
  readonly catalogue: KeptCatalogue;
  readonly guardKey?: string;
  readonly limited?: boolean;
}

/** Nothing is kept of a server any more: it is awake again, or gone. */
export interface AwakeChange {
  readonly kind: "awake";
  readonly namespace: string;
  readonly server: string;
}

/** One change of one replica, or of what is kept of a server without any. */
export type CatalogueChange = ListedChange | FailedChange | RemovedChange | AsleepChange | AwakeChange;

/** A catalogue without servers, for an endpoint that names tools by `plan`. */
export function emptyCatalogue(plan: NamePlan): CatalogueSnapshot {
  return createSnapshot(plan, new Map());
}

/**
 * Gives the catalogue after a change. An endpoint of one namespace ignores the others and gets `previous` itself back.
 * Unchanged digests keep the identity of a server's `tools`, so readers can tell cheaply what to index again.
 * Cost: linear in the number of servers, and in the tools of this one.
 */
export function mergeCatalogue(previous: CatalogueSnapshot, change: CatalogueChange): CatalogueSnapshot {
  const draft = draftCatalogue(previous);
  draft.apply(change);
  return draft.close();
}

/** Several changes on their way to one new catalogue. */
export interface CatalogueDraft {
  /** As {@link mergeCatalogue} has it. Cost: linear in the tools of the one server, however many servers there are. */
  readonly apply: (change: CatalogueChange) => void;
  /** The catalogue after all of them; `previous` itself where they changed nothing. Nothing may be applied afterwards. */
  readonly close: () => CatalogueSnapshot;
}

/** Begins one. The servers are copied with the first change: of a thousand that come together each costs no more than the first. */
export function draftCatalogue(previous: CatalogueSnapshot): CatalogueDraft {
  const { plan } = previous;
  let copied: Map<string, ServerEntry> | undefined;
  return {
    apply: (change) => {
      const { namespace, server } = "catalogue" in change ? change.catalogue : change;
      if (plan.qualify === "server" && plan.namespace !== namespace) return;
      const key = serverKey(namespace, server);
      const known = (copied ?? previous.servers).get(key);
      const parts = applyChange(change, known, plan);
      if (parts === undefined) return;
      copied ??= new Map(previous.servers);
      if (isNothing(parts)) copied.delete(key);
      else copied.set(key, describeServer({ namespace, server, ...parts, servedBefore: known?.served }));
    },
    close: () => (copied === undefined ? previous : createSnapshot(plan, copied)),
  };
}

type ServerParts = Pick<ServerEntry, "replicas" | "kept">;

const isNothing = ({ replicas, kept }: ServerParts): boolean => replicas.size === 0 && kept === undefined;

/** What the server is made of after the change; undefined where it changes nothing. */
function applyChange(change: CatalogueChange, known: ServerEntry | undefined, plan: NamePlan): ServerParts | undefined {
  const replicas = new Map(known?.replicas);
  const kept = known?.kept;
  switch (change.kind) {
    case "asleep":
      return { replicas, kept: findGuardedList(change, known) ?? reuseOrReadList(change, known, plan) };
    case "awake":
      return kept === undefined ? undefined : { replicas, kept: undefined };
    case "removed":
      return replicas.delete(change.replica.id) ? { replicas, kept } : undefined;
    default: {
      const record = readRecord(change, known, plan);
      return { replicas: replicas.set(record.id, record), kept };
    }
  }
}

function readRecord(
  change: ListedChange | FailedChange,
  known: ServerEntry | undefined,
  plan: NamePlan,
): ReplicaRecord {
  const { id, createdAtMs } = change.replica;
  const before = known?.replicas.get(id)?.list;
  if (change.kind === "failed") {
    const { group, state, message } = change;
    return { id, createdAtMs, group, state, list: before, failure: message };
  }
  const { group, state } = change.catalogue;
  return { id, createdAtMs, group, state, list: reuseOrReadList(change, known, plan), failure: undefined };
}

/** Replicas with one digest share one list, and a list that comes again, or was kept, is the one that is known. */
function reuseOrReadList(
  change: ListedChange | AsleepChange,
  known: ServerEntry | undefined,
  plan: NamePlan,
): KnownList {
  const { catalogue } = change;
  const lists = [...(known?.replicas.values() ?? [])].map((replica) => replica.list);
  const { digest, group, title, description, guard } = catalogue;
  const same = [...lists, known?.kept, known?.served].find(
    (list) => list?.digest === digest && list.group === group && list.guard?.key === guard?.key,
  );
  const list = same === undefined ? readList(catalogue, plan) : { ...same, title, description };
  if (change.limited !== true || list.limited !== undefined) return list;
  return { ...list, limited: `${list.tools.length} tools are served; the server lists more than its sidecar takes.` };
}

/** The list of all callers that was known before the server fell asleep. */
function findGuardedList({ guardKey, catalogue }: AsleepChange, known: ServerEntry | undefined): KnownList | undefined {
  if (guardKey === undefined) return undefined;
  const lists = [...(known?.replicas.values() ?? [])].map((replica) => replica.list);
  return [...lists, known?.kept, known?.served].find(
    (list) => list?.guard?.key === guardKey && list.group === catalogue.group,
  );
}

/** A snapshot of these servers. Orders the tools when they are first asked for: many changes in a row cost no ordering in between. */
export function createSnapshot(plan: NamePlan, servers: ReadonlyMap<string, ServerEntry>): CatalogueSnapshot {
  let tools: readonly ToolEntry[] | undefined;
  return {
    plan,
    servers,
    get tools() {
      // Servers in order of key give almost ordered names, which sorting runs through in nearly linear time.
      const ordered = (): readonly string[] => [...servers.keys()].sort();
      tools ??= ordered()
        .flatMap((key) => servers.get(key)?.tools ?? [])
        .sort(comparePublicNames);
      return tools;
    },
  };
}
