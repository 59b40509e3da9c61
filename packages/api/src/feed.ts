/**
 * What a sidecar tells on its control port: one stream of states, and catalogues by digest.
 * `GET /v1/feed` is a text/event-stream whose `state` events hold a {@link FeedState}; `GET /v1/catalogues/<digest>` answers
 * a {@link Catalogue}. Catalogues are content-addressed, so replicas of one server cost their reader one fetch.
 * `GET /v1/policies/<hash>` answers a policy as feed-callers.ts says. It, and the catalogue of {@link FeedCallers}, are told to whoever can vouch
 * for a caller of the server, and to nobody else: they say what nobody in particular may see.
 * `GET /v1/activity` answers an {@link Activity}, for who wants to know whether the server is used.
 */
import { isDigest, tellsCallers, type FeedCallers } from "./feed-callers.ts";
import type { Transport } from "./words.ts";
import type { Reason } from "./reasons.ts";

/** Paths of the control port. */
export const feedPaths = {
  feed: "/v1/feed",
  catalogue: "/v1/catalogues/",
  policy: "/v1/policies/",
  activity: "/v1/activity",
} as const;

/** Name of the event that carries a state. */
export const feedEvent = "state";

/** How a server is. Ready serves; Degraded serves in part or was slow; Dead does not answer; Initializing never answered yet. */
export type HealthState = "Initializing" | "Ready" | "Degraded" | "Dead";

/** Health with its cause. `sinceMs` is the wall clock (Unix epoch, ms) of the last change of state. */
export interface Health {
  readonly state: HealthState;
  readonly reason: Reason;
  readonly message: string;
  readonly sinceMs: number;
}

/** Who the server says it is. For people only: never used for names, policy or routing. */
export interface ServerIdentity {
  readonly name?: string;
  readonly title?: string;
  readonly version?: string;
  readonly description?: string;
  readonly instructions?: string;
}

/** One limit that is in force. `rate` is spelled as in a policy, e.g. `60/m`; at most `burst` calls at once. */
export interface FeedLimit {
  readonly name: string;
  /** Globs over the server's own tool names, and over methods. */
  readonly tools: readonly string[];
  readonly methods: readonly string[];
  /** Counted apart for each caller or tool; none means one count for the server. */
  readonly per: readonly string[];
  readonly rate?: string;
  readonly burst?: number;
  readonly maxConcurrency?: number;
}

/** What the policy in force controls beside names, limits and sizes. A member that is absent is at its default. */
export interface FeedControls {
  readonly access?: "ReadOnly";
  readonly rules?: readonly { readonly name: string; readonly action: "Allow" | "Deny" }[];
  readonly onOversize?: "Truncate";
  readonly arguments?: { readonly schema: string; readonly deny: readonly string[] };
  /** JSON pointers and names of patterns. */
  readonly redact?: readonly string[];
  readonly pins?: "Off" | "Enforce";
  readonly instructions?: "Drop";
  /** True where some layer only tells what it would deny. */
  readonly onTrial?: true;
}

/** What the policy in force limits. Sizes in bytes. */
export interface FeedLimits {
  readonly limits: readonly FeedLimit[];
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  /** Absent where all of it is at its default. */
  readonly controls?: FeedControls;
}

/**
 * A tool whose definition of now is not the approved one. `digest`: of the definition of now, as `pins.approved` of a policy takes it.
 * `fields`: the members that differ from the approved definition, by name alone; empty where there is none to compare with.
 */
export interface FeedFinding {
  readonly tool: string;
  readonly digest: string;
  readonly state: "Changed" | "Unapproved";
  readonly fields: readonly string[];
  /** Whether the tool is held back for it. */
  readonly withheld: boolean;
}

/** How a server speaks: as its owner said, or as its sidecar found out. `atMs`: when, Unix epoch in ms. */
export interface FeedTransport {
  readonly kind: Transport;
  readonly by: "configuration" | "detection";
  readonly atMs: number;
}

/**
 * How listing the server went. `reason`: listed, or why the last attempt failed; `atMs`: when that was; `listedAtMs`: when an attempt
 * succeeded last, absent where none has. Unix epoch, ms.
 */
export interface FeedCatalogue {
  readonly reason: Reason;
  readonly message: string;
  readonly atMs: number;
  readonly listedAtMs?: number;
}

/** One state of one sidecar. Sent first on connect and again at every change. */
export interface FeedState {
  readonly format: 1;
  readonly server: string;
  readonly health: Health;
  readonly identity: ServerIdentity;
  readonly era?: "legacy" | "modern";
  readonly protocolVersion?: string;
  /** Absent while it is not known: nobody said it, and the server has not answered yet. */
  readonly transport?: FeedTransport;
  /** Digest of the catalogue after policy, as a caller sees it that nobody vouches for; absent until the first successful list. */
  readonly digest?: string;
  /** Absent where every caller sees the same. */
  readonly callers?: FeedCallers;
  /** Ids of the keys that may vouch for callers; absent where nobody may. */
  readonly vouchers?: readonly string[];
  /** How the last attempt to list the server went. A failed one never takes the digest away. */
  readonly catalogue: FeedCatalogue;
  readonly policy: {
    readonly hash: string;
    readonly reason: Reason;
    readonly message: string;
    readonly enforces: FeedLimits;
  };
  /** Absent while calls pass, and where the breaker is switched off. */
  readonly breaker?: "Open" | "HalfOpen";
  /** Present from the moment at which the sidecar begins to end: calls under way finish, the next one goes elsewhere. */
  readonly draining?: true;
  /** Tools that are not as approved, at most 256; absent where there is none. */
  readonly findings?: readonly FeedFinding[];
}

/** A JSON object as it came from a server; unknown members are kept. */
export type RawObject = Readonly<Record<string, unknown>>;

/** What one server lists after policy, in the server's own order, unknown members kept. */
export interface Catalogue {
  readonly digest: string;
  readonly tools: readonly RawObject[];
  readonly prompts: readonly RawObject[];
  readonly resources: readonly RawObject[];
  readonly resourceTemplates: readonly RawObject[];
  /** True where the server lists more than a sidecar takes. */
  readonly limited: boolean;
  /** Approved hints by tool; only in a catalogue for several callers, where rules look at them. */
  readonly hints?: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
}

/**
 * How much a sidecar is used. `inFlight`: requests of clients under way. `idleMs`: since the last of them ended, or, without one, since
 * the sidecar started. What the sidecar asks its server by itself is no use, nor are probes and streams that only stand open.
 */
export interface Activity {
  readonly inFlight: number;
  readonly idleMs: number;
}

const healthStates: readonly string[] = ["Initializing", "Ready", "Degraded", "Dead"] satisfies HealthState[];

function isRecord(value: unknown): value is RawObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a `state` event; undefined where it is not one. A sidecar may be newer than its reader: unknown members pass. */
export function readFeedState(value: unknown): FeedState | undefined {
  if (!isRecord(value) || value["format"] !== 1 || typeof value["server"] !== "string") return undefined;
  const { health, digest, policy } = value;
  const areRecords = isRecord(value["catalogue"]) && isRecord(value["identity"]);
  const areParts = areRecords && isHealth(health) && isPolicy(policy) && tellsCallers(value);
  if (!areParts || !isDigestOrAbsent(digest)) return undefined;
  // Checked above member by member as far as readers rely on them.
  return value as unknown as FeedState;
}

function isHealth(value: unknown): boolean {
  return isRecord(value) && typeof value["state"] === "string" && healthStates.includes(value["state"]);
}

function isPolicy(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value["enforces"])) return false;
  const { limits, maxRequestBytes, maxResponseBytes } = value["enforces"];
  const areSizes = typeof maxRequestBytes === "number" && typeof maxResponseBytes === "number";
  return areSizes && Array.isArray(limits) && limits.every(isLimit);
}

function isLimit(value: unknown): boolean {
  if (!isRecord(value) || typeof value["name"] !== "string") return false;
  const lists: readonly unknown[] = [value["tools"], value["methods"], value["per"]];
  return lists.every((list) => Array.isArray(list) && list.every((item) => typeof item === "string"));
}

const isDigestOrAbsent = (value: unknown): boolean => value === undefined || isDigest(value);

/** Reads an answer of the catalogue path; undefined where it is not one. */
export function readCatalogue(value: unknown): Catalogue | undefined {
  if (!isRecord(value) || typeof value["digest"] !== "string") return undefined;
  const lists = [value["tools"], value["prompts"], value["resources"], value["resourceTemplates"]];
  const areLists = lists.every((list) => Array.isArray(list) && list.every(isRecord));
  // Every list was checked to hold objects only.
  return areLists ? (value as unknown as Catalogue) : undefined;
}

/** Reads an answer of the activity path; undefined where it is not one. */
export function readActivity(value: unknown): Activity | undefined {
  if (!isRecord(value)) return undefined;
  const { inFlight, idleMs } = value;
  return isCount(inFlight) && isCount(idleMs) ? { inFlight, idleMs } : undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
