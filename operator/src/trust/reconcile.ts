/**
 * Second stage of trust: what is to happen to the keys. A pod trusts for its whole life the keys that it was given at its
 * creation, so a new key signs beside the one before until every pod has the new one. Pure. Stage before: observe.ts, next:
 * apply.ts.
 */
import type { Jwks, PrivateJwk, PublicJwk } from "@outrigger/runtime/jws";
import type { ObservedTrust, TrustKeys } from "./observe.ts";

/** Times in ms. `lifetimeMs`: age at which a key is replaced; `overlapMs`: how long the one before stays at least. */
export interface TrustTimes {
  readonly lifetimeMs: number;
  readonly overlapMs: number;
}

/** What is known besides the Secret. `pinned`: per injected pod the ids of the keys that it trusts. */
export interface TrustFacts {
  readonly pinned: readonly (readonly string[])[];
  readonly nowMs: number;
}

/** What is to be done with the Secret. */
export type TrustStep = "create" | "replace" | "rotate" | "retire" | "keep";

/** Decides. A rotation begins only when the one before is finished: a pod never needs a third key. */
export function decideTrust(observed: ObservedTrust, facts: TrustFacts, times: TrustTimes): TrustStep {
  if (observed.kind === "absent") return "create";
  if (observed.kind === "broken") return "replace";
  const { keys } = observed;
  const ageMs = ageOf(keys, facts.nowMs);
  if (keys.previous === undefined) return ageMs >= times.lifetimeMs ? "rotate" : "keep";
  return countPinningOld(keys, facts.pinned) === 0 && ageMs >= times.overlapMs ? "retire" : "keep";
}

/** How many pods trust the key before the current one and not the current one. */
export function countPinningOld({ current, previous }: TrustKeys, pinned: TrustFacts["pinned"]): number {
  if (previous === undefined) return 0;
  return pinned.filter((ids) => ids.includes(previous.kid) && !ids.includes(current.kid)).length;
}

/** A key whose date is unknown or ahead of us counts as new: rotating is never urgent, doing it in a loop is harm. */
function ageOf({ createdMs }: TrustKeys, nowMs: number): number {
  return Number.isNaN(createdMs) ? 0 : Math.max(0, nowMs - createdMs);
}

/** The public halves, newest first. */
export function toJwks({ current, previous }: TrustKeys): Jwks {
  return { keys: [current, ...(previous === undefined ? [] : [previous])].map(toPublic) };
}

function toPublic({ kty, crv, x, kid }: PrivateJwk): PublicJwk {
  return { kty, crv, x, kid, alg: "EdDSA", use: "sig" };
}

/**
 * The key that signs for a pod: the newest that it trusts; undefined where it trusts none of ours. For a namespace, whose pods
 * are still to come, it is the current one as soon as every webhook replica can know it.
 */
export function chooseKey(keys: TrustKeys, pinned: readonly string[]): PrivateJwk | undefined {
  return [keys.current, keys.previous].find((key) => key !== undefined && pinned.includes(key.kid));
}

/** See {@link chooseKey}. `settleMs`: how long the news of a key may take. */
export function chooseNamespaceKey(keys: TrustKeys, nowMs: number, settleMs: number): PrivateJwk {
  return keys.previous !== undefined && ageOf(keys, nowMs) < settleMs ? keys.previous : keys.current;
}
