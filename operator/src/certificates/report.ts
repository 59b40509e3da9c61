/** Last stage of certificates: metrics, and one log line per change. Stage before: apply.ts. */
import { X509Certificate } from "node:crypto";
import type { AuthorityState, RotationStep } from "@outrigger/certs";
import type { Logger } from "@outrigger/runtime/logger";
import type { OperatorMetrics } from "../metrics.ts";
import type { ObservedAuthority } from "./observe.ts";

/** What happened in one run. `repaired`: entries that were changed; undefined where they are not in order. */
export interface AuthorityOutcome {
  readonly made: ObservedAuthority["made"];
  readonly repaired: number | undefined;
  readonly step: RotationStep;
  readonly state: AuthorityState;
}

/** Tells it. */
export function reportAuthority(
  { made, repaired, step, state }: AuthorityOutcome,
  { metrics, logger }: { readonly metrics: OperatorMetrics; readonly logger: Logger },
): void {
  const { validToDate, fingerprint256 } = new X509Certificate(state.signing.certificatePem);
  metrics.showAuthority({
    phase: state.phase,
    expiresAtMs: validToDate.getTime(),
    sync: repaired === undefined ? "out of sync" : "in sync",
  });
  if (made !== "found") logger.info({ made, fingerprint: fingerprint256 }, "the webhook's authority was made");
  if (repaired !== undefined && repaired > 0) logger.info({ entries: repaired }, "caBundle repaired");
  if (step !== "none") logger.info({ step, phase: state.phase }, "the webhook's authority moves on");
}
