/**
 * Decides what a server with several replicas serves: one list, one state, and what to report where they disagree.
 * Depends on the replicas alone, not on the order in which they were heard, so that every aggregator decides the same.
 */
import type { HealthState } from "@outrigger/api/feed";
import type { Finding, KnownList, ReplicaRecord, ServerEntry, ServerState, ToolEntry } from "./entry.ts";
import { serverKey } from "./entry.ts";
import { noOffer } from "./offer.ts";
import type { CallTarget } from "./target.ts";

const bestFirst: readonly HealthState[] = ["Ready", "Degraded", "Initializing", "Dead"];

// One list for all, so that readers see that it has not changed.
const noTools: readonly ToolEntry[] = [];
const noList = { title: undefined, description: undefined, digest: undefined, tools: noTools, offer: noOffer } as const;

/** Identity of the server and what was served before. Either `replicas` holds a record or `kept` is there. */
export interface ReplicaFacts {
  readonly namespace: string;
  readonly server: string;
  readonly replicas: ReadonlyMap<string, ReplicaRecord>;
  /** What was kept when it was put to sleep. */
  readonly kept: KnownList | undefined;
  readonly servedBefore: KnownList | undefined;
}

/**
 * Builds the entry of a server. Served is the list of the newest replica that lists any tool (creation time, then id);
 * where no replica has a list any more, what was kept when it was put to sleep, or was served before, stays. How any replica is
 * outweighs that it sleeps.
 */
export function describeServer(facts: ReplicaFacts): ServerEntry {
  const { namespace, server, replicas, kept } = facts;
  const newestFirst = [...replicas.values()].sort(compareNewestFirst);
  const served = chooseList(newestFirst, kept ?? facts.servedBefore);
  return {
    key: serverKey(namespace, server),
    namespace,
    server,
    group: served?.group ?? newestFirst[0]?.group ?? "",
    state: findBestState(newestFirst, kept),
    ...presentList(served),
    findings: collectFindings(newestFirst, served),
    replicas,
    kept,
    served,
  };
}

type PresentedList = Pick<ServerEntry, "title" | "description" | "digest" | "tools" | "offer">;

function presentList(served: KnownList | undefined): PresentedList {
  const { title, description, digest, tools, offer } = served ?? noList;
  return { title, description, digest, tools, offer };
}

/** Ids of the replicas that a target may go to: of a tool those whose own list holds it, of all else every one, in order of id. */
export function listReplicasFor(entry: ServerEntry, { kind, name }: CallTarget): readonly string[] {
  if (kind === undefined) return listReplicasWith(entry, name);
  return [...entry.replicas.keys()].sort(compareText);
}

/** Ids of the replicas whose own list holds the tool, in order of id: where a call may go while replicas disagree. */
export function listReplicasWith(entry: ServerEntry, ownName: string): readonly string[] {
  const holders = [...entry.replicas.values()].filter((replica) =>
    replica.list?.tools.some((tool) => tool.name === ownName),
  );
  return holders.map((replica) => replica.id).sort(compareText);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareNewestFirst(a: ReplicaRecord, b: ReplicaRecord): number {
  return b.createdAtMs - a.createdAtMs || compareText(a.id, b.id);
}

function findBestState(replicas: readonly ReplicaRecord[], kept: KnownList | undefined): ServerState {
  if (replicas.length === 0 && kept !== undefined) return "Cold";
  return bestFirst.find((state) => replicas.some((replica) => replica.state === state)) ?? "Dead";
}

function chooseList(newestFirst: readonly ReplicaRecord[], before: KnownList | undefined): KnownList | undefined {
  const lists = newestFirst.flatMap((replica) => (replica.list === undefined ? [] : [replica.list]));
  return lists.find((list) => list.tools.length > 0) ?? lists[0] ?? before;
}

function collectFindings(replicas: readonly ReplicaRecord[], served: KnownList | undefined): readonly Finding[] {
  const findings: Finding[] = [];
  const failures = replicas.flatMap((replica) => (replica.failure === undefined ? [] : [replica.failure]));
  const first = [...failures].sort(compareText)[0];
  if (first !== undefined) {
    findings.push({ reason: "ListFailed", message: `${failures.length} of ${replicas.length} replicas: ${first}` });
  }
  if (served?.limited !== undefined) findings.push({ reason: "CatalogLimited", message: served.limited });
  if (served?.heldBack !== undefined) findings.push({ reason: "EntriesHeldBack", message: served.heldBack });
  const disagreement = describeDisagreement(replicas);
  if (disagreement !== undefined) findings.push({ reason: "ReplicasDisagree", message: disagreement });
  return findings;
}

function describeDisagreement(replicas: readonly ReplicaRecord[]): string | undefined {
  const holders = new Map<string, number>();
  for (const { list } of replicas) {
    if (list !== undefined) holders.set(list.digest, (holders.get(list.digest) ?? 0) + 1);
  }
  if (holders.size < 2) return undefined;
  const parts = [...holders].sort(([a], [b]) => compareText(a, b)).map(([digest, count]) => `${digest} (${count})`);
  return `Replicas list different tools, by digest: ${parts.join(", ")}; the newest replica's list is served.`;
}
