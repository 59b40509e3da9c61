/**
 * The duty "certificates" where they are made here: the webhook's authority exists, is replaced in three phases without a failed admission, and every
 * entry of the webhook configuration trusts it. Resumes from the Secret. Stages in their order.
 */
import { decideRotation, type AuthorityState, type RotationStep, type RotationTimes } from "@outrigger/certs";
import type { ApiFailure, Objects } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import type { ClusterView } from "../cluster/view.ts";
import type { DutyResult } from "../duty.ts";
import type { OperatorMetrics } from "../metrics.ts";
import { takeStep, type Repaired } from "./apply.ts";
import { createEntryKeeper } from "./keep-entries.ts";
import { observeAuthority, type ObservedAuthority } from "./observe.ts";
import { reportAuthority } from "./report.ts";

/** What the duty works with. `name`: the Secret; `configuration`: the webhook configuration. */
export interface AuthorityParts {
  readonly objects: Objects;
  readonly namespace: string;
  readonly name: string;
  readonly configuration: string;
  readonly view: ClusterView;
  readonly nowMs: () => number;
  readonly lifetimeMs: number;
  readonly keyBits?: number;
  readonly times: RotationTimes;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
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
  /** Since when all entries trust what the Secret trusts, and what that was. */
  let trusted: { readonly caBundle: string; readonly sinceMs: number } | undefined;
  const usualMs = Math.max(100, Math.min(checkMs, times.announceMs / 4, times.retireMs / 4));

  /** Undefined where there is no configuration of ours: then nothing is trusted. */
  const repair = async ({ state, registration }: ObservedAuthority): Promise<Repaired | undefined> => {
    const kept = await keep(registration, state.trusted);
    if (kept?.repaired.ok !== true) trusted = undefined;
    else if (trusted?.caBundle !== kept.caBundle || kept.repaired.changed > 0)
      trusted = { caBundle: kept.caBundle, sinceMs: nowMs() };
    return kept?.repaired;
  };

  /** Undefined where no step is due. */
  const move = async ({ state, resourceVersion }: ObservedAuthority): Promise<Moved | undefined> => {
    const step = decideRotation(state, times, { nowMs: nowMs(), trustedSinceMs: trusted?.sinceMs });
    if (step === "none") return undefined;
    const taken = await takeStep(step, state, { ...parts, nowMs: nowMs(), resourceVersion });
    return taken.ok ? { ok: true, step, state: taken.state } : taken;
  };

  return async () => {
    const looked = await observeAuthority(parts, view);
    if (!looked.ok) return { problems: [looked.failure.message] };
    const { observed } = looked;
    const repaired = await repair(observed);
    const moved = await move(observed);
    const { step, state } = moved?.ok === true ? moved : { step: "none" as const, state: observed.state };
    const changed = repaired?.ok === true ? repaired.changed : undefined;
    reportAuthority({ made: observed.made, repaired: changed, step, state }, parts);
    const problems = [repaired, moved].flatMap((each) => (each?.ok === false ? [each.failure.message] : []));
    // After a step the entries are brought along at once.
    return { problems, nextMs: step === "none" ? usualMs : 0 };
  };
}
