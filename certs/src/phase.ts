/** Where the replacement of the webhook's authority stands, and what comes next and when. Pure; reads public certificates only. */
import { X509Certificate } from "node:crypto";

/**
 * Where a rotation stands. `steady`: one authority. `announced`: the next one is trusted and does not sign yet.
 * `switched`: it signs, the one before is still trusted.
 */
export const authorityPhases = ["steady", "announced", "switched"] as const;

export type AuthorityPhase = (typeof authorityPhases)[number];

/** How long phases last, ms. `retireMs`: longer than any leaf of the old authority lives. */
export interface RotationTimes {
  readonly announceMs: number;
  readonly retireMs: number;
}

/** Clocks of API server and webhook may differ: certificates are valid an hour before they were made. */
export const skewMs = 3_600_000;

const dayMs = 86_400_000;

/** When a certificate of ours was made, Unix epoch ms: its validity begins earlier. */
export function madeAtMs(certificate: X509Certificate): number {
  return certificate.validFromDate.getTime() + skewMs;
}

/** When the authority is to be replaced: after two thirds of its life, a tenth more or less; the same for all who ask. */
export function renewalMs(certificatePem: string): number {
  const certificate = new X509Certificate(certificatePem);
  const createdMs = madeAtMs(certificate);
  const lifeMs = certificate.validToDate.getTime() - createdMs;
  // From the fingerprint, so that it needs no memory.
  const spread = Number.parseInt(certificate.fingerprint256.slice(0, 2), 16) / 255;
  return createdMs + lifeMs * (2 / 3) * (0.9 + spread * 0.2);
}

/** Where a rotation stands: its phase, since when, and the certificate that signs, as PEM. */
export interface RotationPlace {
  readonly phase: AuthorityPhase;
  readonly phaseSinceMs: number | undefined;
  readonly signingPem: string;
}

/** When the next step is due at the earliest, Unix epoch ms; undefined where nobody knows since when the phase lasts. */
export function dueMs({ phase, phaseSinceMs, signingPem }: RotationPlace, times: RotationTimes): number | undefined {
  if (phase === "steady") return renewalMs(signingPem);
  const lastsMs = phase === "announced" ? times.announceMs : times.retireMs;
  return phaseSinceMs === undefined ? undefined : phaseSinceMs + lastsMs;
}

/**
 * Whether a certificate is so near its end that its renewal has failed: less than 15 % of its life is left, and less than 30
 * days. All renew with more left: we after two thirds, cert-manager as well. Of its life an hour does not count, by which
 * certificates begin before they are made. Times in Unix epoch ms.
 */
export function isLate(
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
  nowMs: number,
): boolean {
  const lifeMs = Math.max(0, untilMs - fromMs - skewMs);
  return untilMs - nowMs < Math.min(30 * dayMs, lifeMs * 0.15);
}
