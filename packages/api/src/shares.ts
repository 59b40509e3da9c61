/**
 * Shares of a limit that counts over all replicas: what the control plane leases to one server's pod. It decides the shape alone; signature,
 * audience and age are judged by the sidecar.
 */
import { readBundleAudience, type BundleAudience } from "./bundle.ts";
import { parseRate, type Parsed, type Rate } from "./values.ts";

/** The header `typ` of shares, which are a compact JWS (RFC 7515) with `alg` EdDSA, signed by a key that signs bundles. */
export const sharesType = "outrigger-shares";

/** The file of the shares in the folder where a pod sees its bundle. */
export const sharesFile = "shares";

/** Bounds of shares: characters of their text, and how many. */
export const sharesLimits = { maxChars: 32 * 1024, maxShares: 64 } as const;

/** One share. `limit`: the limit's name; `untilMs`: ms since the epoch, after which a newer one should have come. */
export interface Share {
  readonly limit: string;
  readonly rate: Rate;
  readonly burst: number;
  readonly untilMs: number;
}

/** What is signed. `version`: ms since the epoch; a lower one than the last is not taken. */
export interface SharesPayload {
  readonly format: 1;
  readonly audience: BundleAudience;
  readonly version: number;
  readonly shares: readonly Share[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads shares from a parsed value, whose rates are spelled as in a policy. Strict: unknown members are refused. */
export function readShares(value: unknown): Parsed<SharesPayload> {
  const fields = readFields(value, ["format", "audience", "version", "shares"]);
  const audience = readBundleAudience(fields?.["audience"]);
  const { format, version, shares } = fields ?? {};
  if (format !== 1 || audience === undefined || !isWhole(version)) return refuse("format 1, an audience and a version");
  if (!Array.isArray(shares) || shares.length > sharesLimits.maxShares)
    return refuse(`at most ${sharesLimits.maxShares} shares`);
  const read = shares.map(readShare);
  const good = read.filter((share) => share !== undefined);
  if (good.length < read.length) return refuse('shares of {"limit", "rate", "burst", "untilMs"}');
  return { ok: true, value: { format: 1, audience, version, shares: good } };
}

function readShare(value: unknown): Share | undefined {
  const fields = readFields(value, ["limit", "rate", "burst", "untilMs"]);
  const { limit, rate, burst, untilMs } = fields ?? {};
  const parsed = typeof rate === "string" ? parseRate(rate) : undefined;
  if (typeof limit !== "string" || parsed?.ok !== true) return undefined;
  return isWhole(burst) && burst > 0 && isWhole(untilMs) ? { limit, rate: parsed.value, burst, untilMs } : undefined;
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function readFields(value: unknown, known: readonly string[]): Fields | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  // An object that is no array has string keys.
  return Object.keys(value).every((key) => known.includes(key)) ? (value as Fields) : undefined;
}

const refuse = (expected: string): { readonly ok: false; readonly expected: string } => ({ ok: false, expected });
