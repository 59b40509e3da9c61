/** The duty "trust": the keys that sign policy exist, are published, and are replaced in time. Stages in their order. */
import type { Logger } from "@outrigger/runtime/logger";
import type { ClusterView } from "../cluster/view.ts";
import type { DutyResult } from "../duty.ts";
import type { OperatorMetrics } from "../metrics.ts";
import { applyStep, publish, type TrustPlace } from "./apply.ts";
import { observeTrust, type TrustKeys } from "./observe.ts";
import { decideTrust, type TrustTimes } from "./reconcile.ts";
import { reportTrust } from "./report.ts";

/** What the duty works with. */
export interface TrustParts extends Omit<TrustPlace, "nowMs"> {
  readonly view: ClusterView;
  readonly nowMs: () => number;
  readonly times: TrustTimes;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  /** The keys are known, or are other ones than before. */
  readonly onKeys: (keys: TrustKeys) => void;
}

/** How often the age of a key is looked at, ms. */
const checkMs = 60_000;

/** Creates one run of the duty. */
export function createTrustRun(parts: TrustParts): () => Promise<DutyResult> {
  return async () => {
    const { view, times } = parts;
    const place: TrustPlace = { ...parts, nowMs: parts.nowMs() };
    const observed = await observeTrust(place.objects, place);
    if (!observed.ok) return { problems: [observed.failure.message] };
    const pinned = view.pods().map((pod) => pod.pinnedKeys);
    const step = decideTrust(observed.trust, { pinned, nowMs: place.nowMs }, times);
    const applied = await applyStep(observed.trust, step, place);
    if (!applied.ok) return { problems: [applied.failure.message] };
    const failure = await publish(applied.keys, view.publishedKeys(), place);
    reportTrust({ observed: observed.trust, step, keys: applied.keys, pinned }, parts);
    parts.onKeys(applied.keys);
    return { problems: failure === undefined ? [] : [failure.message], nextMs: Math.min(checkMs, times.overlapMs) };
  };
}
