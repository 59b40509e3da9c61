/**
 * The duty "certificates" where they are made here: the webhook's authority exists, is replaced in three phases without a failed admission, and every
 * entry of the webhook configurations trusts it. Resumes from the Secret. Stages in their order.
 */
import { decideRotation, type AuthorityState, type RotationStep, type RotationTimes } from "@outrigger/certs";
import type { ApiFailure, EventRecorder, Objects } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import type { ClusterView } from "../cluster/view.ts";
import type { DutyResult } from "../duty.ts";
import type { OperatorMetrics } from "../metrics.ts";
import { takeStep } from "./apply.ts";
import { createEntryKeeper } from "./keep-entries.ts";
import { createReminder } from "./news.ts";
import { observeAuthority, type ObservedAuthority } from "./observe.ts";
import { reportAuthority } from "./report.ts";

/** What the duty works with. `name`: the Secret. */
export interface AuthorityParts {
  readonly objects: Objects;
  readonly namespace: string;
  readonly name: string;
  readonly view: ClusterView;
  readonly nowMs: () => number;
  readonly lifetimeMs: number;
  readonly keyBits?: number;
  readonly times: RotationTimes;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly recorder: Pick<EventRecorder, "record">;
}

type Moved =
  | { readonly ok: true; readonly step: RotationStep; readonly state: AuthorityState }
  | { readonly ok: false; readonly failure: ApiFailure };

/** Longest time between two looks at the clock, ms. */
const checkMs = 60_000;

/** Creates one run of the duty. */
export function createAuthorityRun(parts: AuthorityParts): () => Promise<DutyResult> {
  const { view, nowMs, times } = parts;
  const keep = createEntryKeeper({ ...parts, source: "self", handoverMs: times.announceMs });
  const reports = { ...parts, remind: createReminder() };
  const usualMs = Math.max(100, Math.min(checkMs, times.announceMs / 4, times.retireMs / 4));

  /** Undefined where no step is due. */
  const move = async (
    { state, resourceVersion }: ObservedAuthority,
    trustedSinceMs: number | undefined,
  ): Promise<Moved | undefined> => {
    const step = decideRotation(state, times, { nowMs: nowMs(), trustedSinceMs });
    if (step === "none") return undefined;
    const taken = await takeStep(step, state, { ...parts, nowMs: nowMs(), resourceVersion });
    return taken.ok ? { ok: true, step, state: taken.state } : taken;
  };

  return async () => {
    const looked = await observeAuthority(parts, view);
    if (!looked.ok) return { problems: [looked.failure.message] };
    const { observed } = looked;
    const { registrations, made } = observed;
    const kept = await keep(registrations, observed.state.trusted);
    const moved = await move(observed, kept?.sinceMs);
    const { step, state } = moved?.ok === true ? moved : { step: "none" as const, state: observed.state };
    reportAuthority({ made, kept, step, state, registrations }, reports);
    const problems = [kept?.repaired, moved].flatMap((each) => (each?.ok === false ? [each.failure.message] : []));
    // After a step the entries are brought along at once.
    return { problems, nextMs: step === "none" ? usualMs : 0 };
  };
}
