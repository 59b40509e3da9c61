/**
 * The duty "certificates" where somebody else makes the webhook's certificate and says whom to trust for it: every entry of the
 * webhook configuration trusts the certificates of the settings.
 */
import { X509Certificate } from "node:crypto";
import type { Objects } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import type { ClusterView } from "../cluster/view.ts";
import type { DutyResult } from "../duty.ts";
import type { OperatorMetrics } from "../metrics.ts";
import { createEntryKeeper } from "./keep-entries.ts";
import { reportTrust } from "./report.ts";

/** What the duty works with. `trusted`: at least one certificate, each as PEM. */
export interface GivenTrustParts {
  readonly objects: Objects;
  readonly configuration: string;
  readonly trusted: readonly string[];
  readonly handoverMs: number;
  readonly view: ClusterView;
  readonly nowMs: () => number;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
}

/** Creates one run of the duty. */
export function createGivenTrustRun(parts: GivenTrustParts): () => Promise<DutyResult> {
  const { trusted, view } = parts;
  const keep = createEntryKeeper({ ...parts, source: "files" });
  const expiresAtMs = Math.min(...trusted.map((pem) => new X509Certificate(pem).validToDate.getTime()));
  return async () => {
    const kept = await keep(view.registration(), trusted);
    const repaired = kept?.repaired.ok === true ? kept.repaired.changed : undefined;
    reportTrust({ repaired, phase: undefined, expiresAtMs }, parts);
    const problems = kept?.repaired.ok === false ? [kept.repaired.failure.message] : [];
    return { problems, ...(kept?.nextMs === undefined ? {} : { nextMs: kept.nextMs }) };
  };
}
