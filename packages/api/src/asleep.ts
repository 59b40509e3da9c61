/**
 * What is kept of a server that sleeps: a ConfigMap in the release's namespace, written by the operator and read by the aggregator.
 * It decides the shape alone. Texts are packed and unpacked by functions that are passed in, since nothing here computes.
 */
import { readCatalogue, readFeedState, type Catalogue, type FeedState, type RawObject } from "./feed.ts";
import { keyPrefix } from "./key-definition.ts";
import { parseDnsLabel } from "./values.ts";
import { words, type Transport } from "./words.ts";

/** The ConfigMap: found by its label, not by its name. */
export const asleepObject = {
  label: `${keyPrefix}asleep`,
  labelValue: "true",
  namePrefix: "outrigger-asleep-",
  /** Member of `data`: who sleeps, an {@link AsleepIdentity} as JSON. */
  identityMember: "server.json",
  /** Member of `binaryData`: what it serves, an {@link AsleepContent} as JSON, packed. */
  contentMember: "content.json.gz",
  /** Bytes of the packed content at most. A ConfigMap holds 1 MiB in all. */
  maxContentBytes: 900 * 1024,
  /** Bytes of the content at most, unpacked: what one server may list, and its names around it. */
  maxUnpackedBytes: 24 * 1024 * 1024,
} as const;

/** The kinds of workload that can sleep. */
export const sleepingKinds = ["Deployment", "StatefulSet"] as const;

export type SleepingKind = (typeof sleepingKinds)[number];

/** Who sleeps. Times are RFC 3339. */
export interface AsleepIdentity {
  readonly format: 1;
  readonly namespace: string;
  readonly server: string;
  readonly group: string;
  /** What is scaled. `uid`: a workload that was made anew under the name is another one. */
  readonly workload: { readonly kind: SleepingKind; readonly name: string; readonly uid: string };
  /** How many replicas it had, and gets when it is woken. */
  readonly replicas: number;
  /** When it fell asleep. */
  readonly since: string;
  /** Creation time, labels, image and given transport of its newest pod. */
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly transport?: Transport;
}

/** What it serves when it is awake: the last state and the last catalogue of one of its sidecars. The state names the catalogue's digest. */
export interface AsleepContent {
  readonly state: FeedState;
  readonly catalogue: Catalogue;
}

/** A sleeping server as a whole. */
export interface AsleepServer extends AsleepIdentity, AsleepContent {}

/** The members of the ConfigMap; values of `binaryData` are base64. */
export interface AsleepMembers {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** What was read, or one sentence that says what is wrong and where. */
export type ReadAsleep<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Makes a text smaller, as base64. */
export type Pack = (text: string) => string;

/** Takes that back; undefined where it is not packed, or holds more bytes than that. */
export type Unpack = (base64: string, maxBytes: number) => string | undefined;

/** Writes the members; a content that is too large for a ConfigMap is a problem. */
export function writeAsleep(server: AsleepServer, pack: Pack): ReadAsleep<Required<AsleepMembers>> {
  const { state, catalogue, ...identity } = server;
  const content = pack(JSON.stringify({ state, catalogue } satisfies AsleepContent));
  const bytes = Math.ceil(content.length / 4) * 3;
  const { identityMember, contentMember, maxContentBytes } = asleepObject;
  if (bytes > maxContentBytes) return refuse(`the packed catalogue has ${bytes} bytes; at most ${maxContentBytes} fit`);
  return {
    ok: true,
    value: { data: { [identityMember]: JSON.stringify(identity) }, binaryData: { [contentMember]: content } },
  };
}

/** Reads the whole. Unknown members pass: the writer may be newer. */
export function readAsleep(members: AsleepMembers, unpack: Unpack): ReadAsleep<AsleepServer> {
  const identity = readAsleepIdentity(members);
  if (!identity.ok) return identity;
  const { contentMember, maxUnpackedBytes } = asleepObject;
  const packed = members.binaryData?.[contentMember];
  const text = packed === undefined ? undefined : unpack(packed, maxUnpackedBytes);
  if (text === undefined) return refuse(`binaryData.${contentMember}: expected packed JSON`);
  const content = readObject(text);
  const state = readFeedState(content?.["state"]);
  if (state === undefined) return refuse(`binaryData.${contentMember}: expected a member "state" as sidecars tell it`);
  const catalogue = readCatalogue(content?.["catalogue"]);
  if (catalogue === undefined || catalogue.digest !== state.digest)
    return refuse(`binaryData.${contentMember}: expected a member "catalogue" with the state's digest`);
  return { ok: true, value: { ...identity.value, state, catalogue } };
}

/** Reads who sleeps, without what it serves. */
export function readAsleepIdentity({ data }: AsleepMembers): ReadAsleep<AsleepIdentity> {
  const member = asleepObject.identityMember;
  const fields = readObject(data?.[member] ?? "");
  if (fields === undefined) return refuse(`data["${member}"]: expected a JSON object`);
  const wrong = identityChecks.find(([name, isRight]) => !isRight(fields[name]));
  if (wrong !== undefined) return refuse(`data["${member}"].${wrong[0]}: expected ${wrong[2]}`);
  // Every member that readers rely on was checked.
  return { ok: true, value: fields as unknown as AsleepIdentity };
}

type Check = readonly [name: string, isRight: (value: unknown) => boolean, expected: string];

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isName = (value: unknown): boolean => isText(value) && parseDnsLabel(value).ok;
const isOneOf = (list: readonly string[], value: unknown): boolean => isText(value) && list.includes(value);
const isTime = (value: unknown): boolean => isText(value) && !Number.isNaN(Date.parse(value));

const identityChecks: readonly Check[] = [
  ["format", (value) => value === 1, "1"],
  ["namespace", isName, "a namespace"],
  ["server", isText, "the server's name"],
  ["group", isName, "the name of a group"],
  ["workload", isWorkload, `{"kind", "name", "uid"}, kind one of ${sleepingKinds.join(", ")}`],
  ["replicas", (value) => Number.isSafeInteger(value) && Number(value) >= 1, "a whole number from 1"],
  ["since", isTime, "a time (RFC 3339)"],
  ["createdAt", isTime, "a time (RFC 3339)"],
  ["labels", isTexts, "an object of texts"],
  ["image", (value) => value === undefined || isText(value), "a text"],
  ["transport", (value) => value === undefined || isOneOf(words.transport, value), "a transport"],
];

function isWorkload(value: unknown): boolean {
  if (!isRecord(value)) return false;
  return isOneOf(sleepingKinds, value["kind"]) && isText(value["name"]) && isText(value["uid"]);
}

function isTexts(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}

function isRecord(value: unknown): value is RawObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readObject(text: string): RawObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const refuse = (problem: string): { readonly ok: false; readonly problem: string } => ({ ok: false, problem });
