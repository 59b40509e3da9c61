/**
 * The catalogue record of a server, as `/api/v1/servers` gives it: identity, origin, state, replicas, what is wrong. Pure; member
 * names are public.
 */
import type { AsleepServer } from "@outrigger/api/asleep";
import type { Enforced } from "@outrigger/api/enforced";
import type { FeedFinding, HealthState } from "@outrigger/api/feed";
import type { Transport } from "@outrigger/api/words";
import type { Reason } from "@outrigger/api/reasons";
import { serverKey, type ServerEntry, type ServerState } from "../catalog/entry.ts";
import type { CatalogueSnapshot } from "../catalog/merge.ts";
import { keySleepers } from "../catalog/sleepers.ts";
import type { SidecarView } from "../catalog/view.ts";
import type { Discovered } from "../discovery/discovery.ts";
import { chooseCatalogueState, readCatalogueState, type CatalogueState } from "../catalog/catalogue-state.ts";
import type { DiscoveredSidecar, DiscoveryProblem, Origin } from "../discovery/source.ts";

/** One replica of a server. */
export interface ReplicaState {
  readonly key: string;
  readonly state: HealthState;
  readonly reason: Reason;
  readonly message: string;
  readonly url: string;
  readonly ready: boolean;
  readonly digest?: string;
  /** How reading its lists went; absent where its sidecar was not heard yet. */
  readonly catalogue?: CatalogueState;
  readonly since: string;
  /** Whether a way round the sidecar was found; absent where nobody looked. */
  readonly enforced?: Enforced;
  /** Tools whose definition is not the approved one. */
  readonly findings?: readonly FeedFinding[];
}

/** Something that a person should know, by reason. */
export interface Note {
  readonly reason: Reason;
  readonly message: string;
}

/** One server. `createdAt` is the oldest replica's, `labels` are the newest one's; `url` is of the replica that serves best. */
export interface ServerRecord {
  readonly name: string;
  readonly namespace: string;
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly group?: string;
  readonly title?: string;
  readonly description?: string;
  readonly image?: string;
  readonly transport?: Transport;
  readonly port?: number;
  readonly transports: readonly "streamable-http"[];
  readonly origin: Origin;
  readonly state: ServerState;
  readonly reason: Reason;
  readonly message: string;
  readonly url?: string;
  readonly era?: "legacy" | "modern";
  readonly protocolVersion?: string;
  readonly digest?: string;
  /** The same of all replicas: a failure is told before a success. */
  readonly catalogue?: CatalogueState;
  readonly toolsCount: number;
  readonly notes: readonly Note[];
  readonly replicas: readonly ReplicaState[];
}

/** What records are made from. */
export interface RecordParts {
  readonly catalogue: CatalogueSnapshot;
  readonly views: ReadonlyMap<string, SidecarView>;
  readonly discovered: Discovered;
}

const bestFirst: readonly HealthState[] = ["Ready", "Degraded", "Initializing", "Dead"];

/** All servers, also those that can't be dialled, in order of `namespace/name`. */
export function buildRecords({ catalogue, views, discovered }: RecordParts): readonly ServerRecord[] {
  const problems = Map.groupBy(discovered.problems, ({ namespace, server }) => serverKey(namespace, server));
  const byServer = Map.groupBy(views.values(), ({ sidecar }) => serverKey(sidecar.namespace, sidecar.server));
  const sleepers = keySleepers(discovered.asleep);
  const records = new Map<string, ServerRecord>();
  for (const [key, server] of catalogue.servers) {
    const told = problems.get(key) ?? [];
    const record = buildRecord(server, byServer.get(key) ?? [], told) ?? buildAsleep(server, sleepers.get(key), told);
    if (record !== undefined) records.set(key, record);
  }
  for (const [key, list] of problems) if (!records.has(key)) records.set(key, buildUndialled(list));
  return [...records].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
}

function buildRecord(
  server: ServerEntry,
  views: readonly SidecarView[],
  problems: readonly DiscoveryProblem[],
): ServerRecord | undefined {
  const ranked = [...views].sort((a, b) => bestFirst.indexOf(a.state) - bestFirst.indexOf(b.state));
  const [best] = ranked;
  const byAge = views.map(({ sidecar }) => sidecar).sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
  const [oldest, newest] = [byAge[0], byAge.at(-1)];
  if (best === undefined || oldest === undefined || newest === undefined) return undefined;
  return {
    name: server.server,
    namespace: server.namespace,
    createdAt: oldest.createdAt,
    labels: newest.labels,
    group: server.group,
    ...presentTexts(server),
    ...(newest.image === undefined ? {} : { image: newest.image }),
    ...presentTransport(best, newest),
    ...presentAddress(best.sidecar.dataUrl),
    transports: ["streamable-http"],
    origin: newest.origin,
    state: server.state,
    reason: best.reason,
    message: best.message,
    ...presentProtocol(best),
    ...(server.digest === undefined ? {} : { digest: server.digest }),
    ...presentCatalogue(chooseCatalogueState(views)),
    toolsCount: server.tools.length,
    notes: [...server.findings, ...problems.map(({ reason, message }) => ({ reason, message }))],
    replicas: ranked.map(presentReplica),
  };
}

/** A server that is asleep: what it was when it was put to sleep. No address: there is nobody to dial. */
function buildAsleep(
  server: ServerEntry,
  asleep: AsleepServer | undefined,
  problems: readonly DiscoveryProblem[],
): ServerRecord | undefined {
  if (asleep === undefined) return undefined;
  const { state, image, transport, replicas, since, workload } = asleep;
  const kind = state.transport?.kind ?? transport;
  const started = `${replicas} ${replicas === 1 ? "replica" : "replicas"} of ${workload.kind} ${workload.name}`;
  return {
    name: server.server,
    namespace: server.namespace,
    createdAt: asleep.createdAt,
    labels: asleep.labels,
    group: server.group,
    ...presentTexts(server),
    ...(image === undefined ? {} : { image }),
    ...(kind === undefined ? {} : { transport: kind }),
    transports: ["streamable-http"],
    origin: "Injected",
    state: server.state,
    reason: "Asleep",
    message: `Asleep since ${since}; the next call starts ${started}.`,
    ...presentProtocol({ feed: state }),
    ...(server.digest === undefined ? {} : { digest: server.digest }),
    toolsCount: server.tools.length,
    notes: [...server.findings, ...problems.map(({ reason, message }) => ({ reason, message }))],
    replicas: [],
  };
}

function presentTexts({ title, description }: ServerEntry): Pick<ServerRecord, "title" | "description"> {
  return { ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }) };
}

function presentProtocol({ feed }: Pick<SidecarView, "feed">): Pick<ServerRecord, "era" | "protocolVersion"> {
  return {
    ...(feed?.era === undefined ? {} : { era: feed.era }),
    ...(feed?.protocolVersion === undefined ? {} : { protocolVersion: feed.protocolVersion }),
  };
}

function presentAddress(url: string): Pick<ServerRecord, "url" | "port"> {
  const parsed = URL.parse(url);
  if (parsed === null) return { url };
  const standard = parsed.protocol === "https:" ? 443 : 80;
  return { url, port: parsed.port === "" ? standard : Number(parsed.port) };
}

const presentCatalogue = (catalogue: CatalogueState | undefined): { readonly catalogue?: CatalogueState } =>
  catalogue === undefined ? {} : { catalogue };

function presentReplica(view: SidecarView): ReplicaState {
  const { sidecar, state, reason, message, feed, sinceMs, fetchFailure } = view;
  return {
    key: sidecar.key,
    state,
    reason,
    message: fetchFailure === undefined ? message : `${message} Its catalogue can't be read: ${fetchFailure}`,
    url: sidecar.dataUrl,
    ready: sidecar.isReady,
    ...(feed?.digest === undefined ? {} : { digest: feed.digest }),
    ...presentCatalogue(readCatalogueState(view)),
    since: new Date(sinceMs).toISOString(),
    ...(sidecar.enforced === undefined ? {} : { enforced: sidecar.enforced }),
    ...(feed?.findings === undefined ? {} : { findings: feed.findings }),
  };
}

/** What a sidecar says of its server is right; before it has said anything, what stands in the manifest. */
function presentTransport({ feed }: SidecarView, { transport }: DiscoveredSidecar): { readonly transport?: Transport } {
  const kind = feed?.transport?.kind ?? transport;
  return kind === undefined ? {} : { transport: kind };
}

/** A server of which no replica can be dialled. Grouped lists are never empty. */
function buildUndialled(problems: readonly DiscoveryProblem[]): ServerRecord {
  const [first] = problems;
  if (first === undefined) throw new RangeError("a server without replicas has at least one problem");
  const { namespace, server, createdAt, labels, origin, reason, message } = first;
  return {
    name: server,
    namespace,
    createdAt,
    labels,
    transports: ["streamable-http"],
    origin,
    state: reason === "Starting" ? "Initializing" : "Dead",
    reason,
    message,
    toolsCount: 0,
    notes: problems.slice(1).map((problem) => ({ reason: problem.reason, message: problem.message })),
    replicas: [],
  };
}
