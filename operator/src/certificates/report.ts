/** Last stage of certificates: metrics, Events, and one log line per change. Stage before: apply.ts. */
import { X509Certificate } from "node:crypto";
import { dueMs, type AuthorityState, type RotationStep, type RotationTimes } from "@outrigger/certs";
import type { EventRecorder } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import type { RegistrationFacts } from "../cluster/own-objects.ts";
import type { OperatorMetrics } from "../metrics.ts";
import type { KeptEntries } from "./keep-entries.ts";
import { tellLate, tellMade, tellOverwritten, tellStep, type CertificateNews, type Reminder } from "./news.ts";
import type { ObservedAuthority } from "./observe.ts";

/**
 * Whom entries trust after one run. `kept` undefined: nothing is kept there. `certificates`: what shall not end unseen, PEM.
 * `phase` undefined: it is not rotated here; `dueMs`: when its next step is due, Unix epoch ms.
 */
export interface TrustOutcome {
  readonly kept: KeptEntries | undefined;
  readonly certificates: readonly string[];
  readonly registrations: readonly RegistrationFacts[];
  readonly phase: string | undefined;
  readonly dueMs: number | undefined;
}

/** What happened in one run. */
export interface AuthorityOutcome extends Pick<TrustOutcome, "kept" | "registrations"> {
  readonly made: ObservedAuthority["made"];
  readonly step: RotationStep;
  readonly state: AuthorityState;
}

interface Reports {
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly nowMs: () => number;
  readonly remind: Reminder;
}

/** Tells whom entries trust. */
export function reportTrust(outcome: TrustOutcome, { metrics, logger, recorder, nowMs, remind }: Reports): void {
  const { kept, certificates, registrations, phase } = outcome;
  const isInSync = kept?.repaired.ok === true;
  const endsMs = certificates.map((pem) => new X509Certificate(pem).validToDate.getTime());
  const sync = isInSync ? "in sync" : "out of sync";
  metrics.showAuthority({ phase, dueMs: outcome.dueMs, expiresAtMs: Math.min(...endsMs), sync });
  if (kept?.repaired.ok === true && kept.repaired.changed > 0)
    logger.info({ entries: kept.repaired.changed }, "caBundle repaired");
  for (const registration of kept?.overwritten ?? [])
    tell(recorder, [registration], [tellOverwritten(registration.entries.length)]);
  const late = certificates.flatMap((pem) => tellLate(pem, nowMs())).filter(({ note }) => remind(note, nowMs()));
  tell(recorder, registrations, late);
}

/** Tells it. */
export function reportAuthority(
  { made, kept, step, state, registrations }: AuthorityOutcome,
  reports: Reports & { readonly times: RotationTimes },
): void {
  const { logger, recorder, times } = reports;
  const { phase, phaseSinceMs, signing, next } = state;
  const { certificatePem } = signing;
  if (made !== "found") {
    logger.info(
      { made, fingerprint: new X509Certificate(certificatePem).fingerprint256 },
      "the webhook's authority was made",
    );
    tell(recorder, registrations, [tellMade(made, certificatePem)]);
  }
  const due = dueMs({ phase, phaseSinceMs, signingPem: certificatePem }, times);
  reportTrust({ kept, certificates: [certificatePem], registrations, phase, dueMs: due }, reports);
  if (step === "none") return;
  logger.info({ step, phase }, "the webhook's authority moves on");
  tell(recorder, registrations, [tellStep(step, next?.certificatePem ?? certificatePem)]);
}

/** On the configurations that it is about: they are what a person looks at who wonders why pods are refused. */
function tell(
  recorder: Reports["recorder"],
  registrations: readonly RegistrationFacts[],
  news: readonly CertificateNews[],
): void {
  for (const { resource, name, uid } of registrations) {
    const { group, version, kind } = resource;
    const regarding = { apiVersion: `${group}/${version}`, kind, name, uid };
    for (const each of news) recorder.record({ ...each, regarding });
  }
}
