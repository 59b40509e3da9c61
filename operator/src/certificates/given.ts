/**
 * The duty "certificates" where somebody else makes the webhook's certificate and says whom to trust for it: every entry of the
 * webhook configurations trusts the certificates of the settings.
 */
import type { EventRecorder, Objects } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import type { ClusterView } from "../cluster/view.ts";
import type { DutyResult } from "../duty.ts";
import type { OperatorMetrics } from "../metrics.ts";
import { createEntryKeeper } from "./keep-entries.ts";
import { createReminder } from "./news.ts";
import { reportTrust } from "./report.ts";

/** What the duty works with. `trusted`: at least one certificate, each as PEM. */
export interface GivenTrustParts {
  readonly objects: Objects;
  readonly trusted: readonly string[];
  readonly handoverMs: number;
  readonly view: ClusterView;
  readonly nowMs: () => number;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly recorder: Pick<EventRecorder, "record">;
}

/** Creates one run of the duty. */
export function createGivenTrustRun(parts: GivenTrustParts): () => Promise<DutyResult> {
  const { trusted, view } = parts;
  const keep = createEntryKeeper({ ...parts, source: "files" });
  const reports = { ...parts, remind: createReminder() };
  return async () => {
    const registrations = view.registrations();
    const kept = await keep(registrations, trusted);
    reportTrust({ kept, certificates: trusted, registrations, phase: undefined, dueMs: undefined }, reports);
    const problems = kept?.repaired.ok === false ? [kept.repaired.failure.message] : [];
    return { problems, ...(kept?.nextMs === undefined ? {} : { nextMs: kept.nextMs }) };
  };
}
