/**
 * What is said of a caller to a server's sidecar, and who is too large to be said: one whose groups and claims do not fit into an assertion
 * is vouched for to nobody, since a part of them could be what a rule denies. Pure.
 */
import { callerLimits, nameAudience, type CallerAssertion, type CallerAudience } from "@outrigger/api/caller";
import type { Principal } from "../auth/principal.ts";

/** Who a caller is, as it stands in every assertion about it. */
export type DescribedCaller = Required<Pick<CallerAssertion, "kind" | "sub" | "groups" | "claims">>;

/** The name of nobody in particular: an assertion needs one. */
const nobody = "anonymous";

/** Bytes of a caller's JSON at most: an assertion in base64 with its header, signature, times and the longest names of a server around it. */
const maxBytes = Math.floor((callerLimits.maxChars * 3) / 4) - 1_024;

/** The caller; undefined where it does not fit. */
export function describeCaller({ kind, name, groups, claims }: Principal): DescribedCaller | undefined {
  const described: DescribedCaller = { kind, sub: name === "" ? nobody : name, groups, claims };
  return Buffer.byteLength(JSON.stringify(described)) <= maxBytes ? described : undefined;
}

/** What an assertion is made of. `issuer`: the name of who signs; `nowMs`: since the epoch. */
export interface AssertionParts {
  readonly issuer: string;
  readonly caller: DescribedCaller;
  readonly audience: CallerAudience;
  readonly nowMs: number;
}

/** The assertion about a caller towards one server, made now. */
export function buildAssertion({ issuer, caller, audience, nowMs }: AssertionParts): CallerAssertion {
  const iat = Math.floor(nowMs / 1_000);
  return { aud: nameAudience(audience), iss: issuer, ...caller, iat, exp: iat + callerLimits.maxLifeSeconds };
}
