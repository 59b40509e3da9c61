/**
 * The policy bundle: what the operator signs, the webhook copies into a pod and the sidecar takes, and the files in which a pod
 * sees it. It decides the shape alone; signature, audience, age and the layers themselves are judged by the sidecar.
 */
import { keyPrefix, keys } from "./keys.ts";
import type { Parsed } from "./values.ts";

/** The header `typ` of a bundle, which is a compact JWS (RFC 7515) with `alg` EdDSA. */
export const bundleType = "outrigger-policy";

/** Bounds of a bundle: characters of its text (all ASCII, so bytes too), and documents in it. */
export const bundleLimits = { maxChars: 64 * 1024, maxLayers: 64 } as const;

/** Whom a bundle is for: every server of a namespace, or one. */
export interface BundleAudience {
  readonly namespace: string;
  readonly server?: string;
}

/**
 * What is signed. `version`: ms since the epoch of the change; `layers`: policy documents as people write them, at least one;
 * `assertionKeys`: public JWKs that may sign caller assertions, none where it is absent.
 */
export interface BundlePayload {
  readonly format: 1;
  readonly audience: BundleAudience;
  readonly version: number;
  readonly layers: readonly unknown[];
  readonly assertionKeys?: readonly unknown[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the payload of a bundle from a parsed value. Strict: a member that is not known could be one that narrows.
 * Layers are returned as they came, for the reader of policy documents.
 */
export function readBundlePayload(value: unknown): Parsed<BundlePayload> {
  if (!isRecord(value) || value["format"] !== 1) return refuse("a payload of format 1");
  const unknown = findUnknown(value, ["format", "audience", "version", "layers", "assertionKeys"]);
  if (unknown !== undefined) return refuse(`a payload without ${unknown}`);
  const { version, layers, assertionKeys } = value;
  const audience = readBundleAudience(value["audience"]);
  if (audience === undefined) return refuse("an audience with a namespace, and a server or none");
  if (!isVersion(version)) return refuse("a version: whole milliseconds since the epoch");
  if (!Array.isArray(layers) || layers.length === 0 || layers.length > bundleLimits.maxLayers)
    return refuse(`1 to ${bundleLimits.maxLayers} layers`);
  return addAssertionKeys({ format: 1, audience, version, layers }, assertionKeys);
}

function addAssertionKeys(payload: BundlePayload, assertionKeys: unknown): Parsed<BundlePayload> {
  if (assertionKeys === undefined) return { ok: true, value: payload };
  if (!Array.isArray(assertionKeys)) return refuse("assertionKeys: a list of public keys");
  return { ok: true, value: { ...payload, assertionKeys } };
}

/** Reads an audience from a parsed value; undefined where it is none. */
export function readBundleAudience(value: unknown): BundleAudience | undefined {
  if (!isRecord(value) || findUnknown(value, ["namespace", "server"]) !== undefined) return undefined;
  const { namespace, server } = value;
  if (!isName(namespace)) return undefined;
  if (server === undefined) return { namespace };
  return isName(server) ? { namespace, server } : undefined;
}

const isName = (value: unknown): value is string => typeof value === "string" && value !== "";
const isVersion = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function findUnknown(value: Fields, known: readonly string[]): string | undefined {
  return Object.keys(value).find((key) => !known.includes(key));
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const refuse = (expected: string): { readonly ok: false; readonly expected: string } => ({ ok: false, expected });

/** Where the sidecar finds what the kubelet tells of its pod: the folder, and the file of the bundle in it. */
export const podInfo = { folder: "/etc/outrigger/pod", bundleFile: "policy" } as const;

/** The annotations of a pod that narrow its policy while it runs. */
export const quickKeys = ["allowTools", "denyTools", "rateLimit", "maxConcurrency", "maxResponseBytes"] as const;

/** One of {@link quickKeys}. */
export type QuickKey = (typeof quickKeys)[number];

/** The annotations of a pod that change settings of its sidecar while it runs. */
export const liveKeys = ["logLevel", "callDeadline"] as const;

/** One of {@link liveKeys}. */
export type LiveKey = (typeof liveKeys)[number];

/** The file of one of these annotations in the pod's folder: the key without its prefix. An absent annotation is an empty file. */
export function quickFileOf(name: QuickKey | LiveKey): string {
  return keys[name].key.slice(keyPrefix.length);
}
