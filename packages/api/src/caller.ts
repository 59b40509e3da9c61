/**
 * The caller assertion: who calls, vouched for by the aggregator towards one server. What is signed, how it travels and how long it may live;
 * verification is the sidecar's, signing the aggregator's.
 */
import type { Parsed } from "./values.ts";

/** The audience that tokens of ServiceAccounts for the aggregator are made for. */
export const aggregatorAudience = "outrigger";

/** The header that carries an assertion. It is taken out before the server sees the request. */
export const callerHeader = "outrigger-caller";

/** The header `typ` of an assertion, which is a compact JWS (RFC 7515) with `alg` EdDSA, signed by one of the bundle's assertion keys. */
export const callerType = "outrigger-caller";

/** Bounds of an assertion: characters of its text, and seconds from its making to its end. */
export const callerLimits = { maxChars: 8 * 1024, maxLifeSeconds: 300 } as const;

/**
 * The header in which a caller tells how many whole milliseconds it has left for a call. The sidecar gives up then at the latest, and
 * tells the server in the same header what is left.
 */
export const timeoutHeader = "outrigger-timeout-ms";

/** The header with the id that joins what several programs say of one request. A name to search by, and no proof. */
export const requestIdHeader = "outrigger-request-id";

/** The id that a caller gave, as headers hold it; undefined where there is none, or none that may stand in a log. */
export function readRequestId(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" && /^[A-Za-z0-9._:-]{1,64}$/.test(value) ? value : undefined;
}

/** What kind of caller it is. Anonymous: nobody in particular, vouched for as such. */
export type CallerKind = "User" | "ServiceAccount" | "Anonymous";

/** The one server that an assertion is meant for. */
export interface CallerAudience {
  readonly namespace: string;
  readonly server: string;
}

/** The server as `aud` names it, such as `outrigger:tools/orders`: a URI, different for different servers. */
export function nameAudience({ namespace, server }: CallerAudience): string {
  return `outrigger:${encodeURIComponent(namespace)}/${encodeURIComponent(server)}`;
}

/**
 * What is signed: claims as any reader of JWTs knows them (RFC 7519), and ours. `aud`: of {@link nameAudience}, one and no list; `iss`:
 * the aggregator as issuers of tokens know it, who look its key up by that, while a sidecar goes by the key alone; `sub`: the caller's stable
 * name within its kind, not empty; `iat`, `exp`: seconds since the epoch, `exp` at most {@link callerLimits.maxLifeSeconds} behind `iat`.
 */
export interface CallerAssertion {
  readonly aud: string;
  readonly iss?: string;
  readonly sub: string;
  readonly kind: CallerKind;
  readonly groups?: readonly string[];
  /** Claims that rules of policy may look at. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly iat: number;
  readonly exp: number;
}

const kinds: readonly CallerKind[] = ["User", "ServiceAccount", "Anonymous"];
const members: readonly string[] = ["aud", "iss", "sub", "kind", "groups", "claims", "iat", "exp"];

/** Reads an assertion from a parsed value. Strict: a member that is not known could be one that narrows. */
export function readCallerAssertion(value: unknown): Parsed<CallerAssertion> {
  if (!isRecord(value)) return refuse("an object");
  const unknown = Object.keys(value).find((key) => !members.includes(key));
  if (unknown !== undefined) return refuse(`an assertion without ${unknown}`);
  const problem = checkSides(value) ?? checkWho(value) ?? checkTimes(value);
  // Every member was checked above.
  return problem === undefined ? { ok: true, value: value as unknown as CallerAssertion } : refuse(problem);
}

type Fields = Readonly<Record<string, unknown>>;

function checkSides({ aud, iss }: Fields): string | undefined {
  if (!isText(aud)) return "aud, the one server that it is meant for";
  return iss === undefined || isText(iss) ? undefined : "iss, the name of who signs";
}

function checkWho({ sub, kind, groups, claims }: Fields): string | undefined {
  if (!isText(sub)) return "sub, the caller's name";
  if (!kinds.some((each) => each === kind)) return `kind: ${kinds.join(", ")}`;
  if (groups !== undefined && !(Array.isArray(groups) && groups.every(isText))) return "groups: a list of names";
  return claims === undefined || isRecord(claims) ? undefined : "claims: an object";
}

function checkTimes({ iat, exp }: Fields): string | undefined {
  if (!isSeconds(iat) || !isSeconds(exp)) return "iat and exp in whole seconds since the epoch";
  const isBrief = exp > iat && exp - iat <= callerLimits.maxLifeSeconds;
  return isBrief ? undefined : `exp after iat by at most ${callerLimits.maxLifeSeconds} seconds`;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isSeconds = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const refuse = (expected: string): { readonly ok: false; readonly expected: string } => ({ ok: false, expected });
