/** Last stage of certificates: metrics, and one log line per change. Stage before: apply.ts. */
import { X509Certificate } from "node:crypto";
import type { AuthorityState, RotationStep } from "@outrigger/certs";
import type { Logger } from "@outrigger/runtime/logger";
import type { OperatorMetrics } from "../metrics.ts";
import type { ObservedAuthority } from "./observe.ts";

/** Whom entries trust after one run. `phase` undefined: it is not rotated here. */
export interface TrustOutcome extends Pick<AuthorityOutcome, "repaired"> {
  readonly phase: string | undefined;
  readonly expiresAtMs: number;
}

/** What happened in one run. `repaired`: entries that were changed; undefined where they are not in order. */
export interface AuthorityOutcome {
  readonly made: ObservedAuthority["made"];
  readonly repaired: number | undefined;
  readonly step: RotationStep;
  readonly state: AuthorityState;
}

interface Reports {
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
}

/** Tells whom entries trust. */
export function reportTrust({ repaired, phase, expiresAtMs }: TrustOutcome, { metrics, logger }: Reports): void {
  metrics.showAuthority({ phase, expiresAtMs, sync: repaired === undefined ? "out of sync" : "in sync" });
  if (repaired !== undefined && repaired > 0) logger.info({ entries: repaired }, "caBundle repaired");
}

/** Tells it. */
export function reportAuthority({ made, repaired, step, state }: AuthorityOutcome, { metrics, logger }: Reports): void {
  const { validToDate, fingerprint256 } = new X509Certificate(state.signing.certificatePem);
  if (made !== "found") logger.info({ made, fingerprint: fingerprint256 }, "the webhook's authority was made");
  reportTrust({ repaired, phase: state.phase, expiresAtMs: validToDate.getTime() }, { metrics, logger });
  if (step !== "none") logger.info({ step, phase: state.phase }, "the webhook's authority moves on");
}
