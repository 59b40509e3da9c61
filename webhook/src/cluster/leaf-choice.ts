/** Which certificate a replica serves: when a new one is signed, and when it takes the place of the one before. Pure. */

/** A leaf. `authorityPem` is the certificate of its authority; times in Unix epoch ms. */
export interface LeafFacts {
  readonly authorityPem: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly renewAtMs: number;
}

/** Whom API servers trust, and the time. */
export interface LeafWorld {
  readonly isTrusted: (authorityPem: string) => boolean;
  readonly nowMs: number;
}

/**
 * When a leaf is renewed: at two thirds of its life, a tenth more or less, so that replicas do not renew at once. `random` is
 * from 0 to 1. Its authority may end before a whole life is over, so `untilMs` is read from it.
 */
export function planRenewal(madeAtMs: number, untilMs: number, random: number): number {
  return madeAtMs + (untilMs - madeAtMs) * (2 / 3) * (0.9 + random * 0.2);
}

/** Whether a new leaf is to be signed by the authority of this certificate. */
export function isSigningDue(newest: LeafFacts | undefined, authorityPem: string, nowMs: number): boolean {
  if (newest?.authorityPem !== authorityPem) return true;
  // A certificate that begins in the future was made while the clock was ahead.
  return nowMs >= newest.renewAtMs || nowMs < newest.fromMs;
}

/** Whether the newest leaf takes the place of the one that is served: not while that one is trusted and the new one is not. */
export function isToBeServed(
  newest: LeafFacts,
  served: LeafFacts | undefined,
  { isTrusted, nowMs }: LeafWorld,
): boolean {
  return (
    served === undefined || isTrusted(newest.authorityPem) || !isTrusted(served.authorityPem) || nowMs >= served.untilMs
  );
}
