/**
 * The three phases in which the webhook's authority is replaced without a failed admission: announce (the next one is trusted
 * everywhere), switch (it signs), retire (the old one is trusted no more). Pure and idempotent: whoever takes over goes on
 * from what the Secret says.
 */
import type { AuthorityState } from "./ca-secret.ts";
import type { KeyedCertificate } from "./certificate.ts";
import { splitPem } from "./pem.ts";
import { renewalMs, type RotationTimes } from "./phase.ts";

/** What is due. */
export type RotationStep = "none" | "announce" | "switch" | "retire";

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
  const trustedMs = trustedSinceMs === undefined ? -1 : nowMs - trustedSinceMs;
  // Where nobody knows since when the phase lasts, only what was seen counts.
  const phaseMs = state.phaseSinceMs === undefined ? trustedMs : nowMs - state.phaseSinceMs;
  switch (state.phase) {
    case "steady":
      return nowMs >= renewalMs(state.signing.certificatePem) ? "announce" : "none";
    case "announced":
      if (state.next === undefined) return "announce";
      return Math.min(trustedMs, phaseMs) >= times.announceMs ? "switch" : "none";
    case "switched":
      return phaseMs >= times.retireMs && trustedMs >= 0 ? "retire" : "none";
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
