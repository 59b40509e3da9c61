/**
 * Decides what a server with several replicas serves: one list, one state, and what to report where they disagree.
 * Depends on the replicas alone, not on the order in which they were heard, so that every aggregator decides the same.
 */
import type { HealthState } from "@outrigger/api/feed";
import type { Finding, KnownList, ReplicaRecord, ServerEntry, ToolEntry } from "./entry.ts";
import { serverKey } from "./entry.ts";

const bestFirst: readonly HealthState[] = ["Ready", "Degraded", "Initializing", "Dead"];

const noTools: readonly ToolEntry[] = [];

/** Identity of the server and what was served before; `replicas` holds at least one record. */
export interface ReplicaFacts {
  readonly namespace: string;
  readonly server: string;
  readonly replicas: ReadonlyMap<string, ReplicaRecord>;
  readonly servedBefore: KnownList | undefined;
}

/**
 * Builds the entry of a server. Served is the list of the newest replica that lists any tool (creation time, then id);
 * where no replica has a list any more, what was served before stays.
 */
export function describeServer(facts: ReplicaFacts): ServerEntry {
  const { namespace, server, replicas, servedBefore } = facts;
  const newestFirst = [...replicas.values()].sort(compareNewestFirst);
  const served = chooseList(newestFirst, servedBefore);
  return {
    key: serverKey(namespace, server),
    namespace,
    server,
    group: served?.group ?? newestFirst[0]?.group ?? "",
    state: findBestState(newestFirst),
    title: served?.title,
    description: served?.description,
    digest: served?.digest,
    tools: served?.tools ?? noTools,
    findings: collectFindings(newestFirst, served),
    replicas,
    served,
  };
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

function findBestState(replicas: readonly ReplicaRecord[]): HealthState {
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
