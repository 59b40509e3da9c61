/**
 * The three phases in which the webhook's authority is replaced without a failed admission: announce (the next one is trusted
 * everywhere), switch (it signs), retire (the old one is trusted no more). Pure and idempotent: whoever takes over goes on
 * from what the Secret says.
 */
import { X509Certificate } from "node:crypto";
import { authorityCreatedAtMs } from "./authority.ts";
import type { AuthorityState } from "./ca-secret.ts";
import type { KeyedCertificate } from "./certificate.ts";
import { splitPem } from "./pem.ts";

/** How long phases last, ms. `retireMs`: longer than any leaf of the old authority lives. */
export interface RotationTimes {
  readonly announceMs: number;
  readonly retireMs: number;
}

/** What is due. */
export type RotationStep = "none" | "announce" | "switch" | "retire";

/** When the authority is to be replaced: after two thirds of its life, a tenth more or less; the same for all who ask. */
export function renewalMs({ certificatePem }: KeyedCertificate): number {
  const certificate = new X509Certificate(certificatePem);
  const createdMs = authorityCreatedAtMs(certificate);
  const lifeMs = certificate.validToDate.getTime() - createdMs;
  // From the fingerprint, so that it needs no memory.
  const spread = Number.parseInt(certificate.fingerprint256.slice(0, 2), 16) / 255;
  return createdMs + lifeMs * (2 / 3) * (0.9 + spread * 0.2);
}

/**
 * Says which step is due. `trustedSinceMs`: since when every entry of the webhook configuration was seen to trust what the
 * Secret trusts; undefined where it does not now. Without that nothing switches or retires.
 */
export function decideRotation(
  state: AuthorityState,
  times: RotationTimes,
  now: { readonly nowMs: number; readonly trustedSinceMs: number | undefined },
): RotationStep {
  const { nowMs, trustedSinceMs } = now;
  const heldMs = trustedSinceMs === undefined ? -1 : nowMs - Math.max(trustedSinceMs, state.phaseSinceMs);
  switch (state.phase) {
    case "steady":
      return nowMs >= renewalMs(state.signing) ? "announce" : "none";
    case "announced":
      if (state.next === undefined) return "announce";
      return heldMs >= times.announceMs ? "switch" : "none";
    case "switched":
      return nowMs - state.phaseSinceMs >= times.retireMs && heldMs >= 0 ? "retire" : "none";
  }
}

/** The state with the next authority trusted beside the one that signs. */
export function announce(state: AuthorityState, next: KeyedCertificate, nowMs: number): AuthorityState {
  const trusted = [...splitPem(next.certificatePem), ...splitPem(state.signing.certificatePem)];
  return { signing: state.signing, next, trusted, phase: "announced", phaseSinceMs: nowMs };
}

/** The state with the next authority signing. Without a next one nothing changes. */
export function switchOver({ next, ...state }: AuthorityState, nowMs: number): AuthorityState {
  if (next === undefined) return state;
  return { signing: next, trusted: state.trusted, phase: "switched", phaseSinceMs: nowMs };
}

/** The state with the signing authority trusted alone. */
export function retire({ signing }: AuthorityState, nowMs: number): AuthorityState {
  return { signing, trusted: splitPem(signing.certificatePem), phase: "steady", phaseSinceMs: nowMs };
}
