/**
 * What is said of a caller to a server's sidecar, and who is too large to be said: one whose groups and claims do not fit into an assertion
 * is vouched for to nobody, since a part of them could be what a rule denies. Pure.
 */
import { callerLimits, type CallerAssertion } from "@outrigger/api/caller";
import type { Principal } from "../auth/principal.ts";

/** Who a caller is, as it stands in every assertion about it. */
export type DescribedCaller = Required<Pick<CallerAssertion, "kind" | "sub" | "groups" | "claims">>;

/** A server as an assertion names it. */
export type Audience = CallerAssertion["aud"];

/** The name of nobody in particular: an assertion needs one. */
const nobody = "anonymous";

/** Bytes of a caller's JSON at most: an assertion in base64 with its header, signature, times and the longest names of a server around it. */
const maxBytes = Math.floor((callerLimits.maxChars * 3) / 4) - 1_024;

/** The caller; undefined where it does not fit. */
export function describeCaller({ kind, name, groups, claims }: Principal): DescribedCaller | undefined {
  const described: DescribedCaller = { kind, sub: name === "" ? nobody : name, groups, claims };
  return Buffer.byteLength(JSON.stringify(described)) <= maxBytes ? described : undefined;
}

/** The assertion about a caller towards one server, made now. */
export function buildAssertion(caller: DescribedCaller, aud: Audience, nowMs: number): CallerAssertion {
  const iat = Math.floor(nowMs / 1_000);
  return {
    aud: { namespace: aud.namespace, server: aud.server },
    ...caller,
    iat,
    exp: iat + callerLimits.maxLifeSeconds,
  };
}
