/** Last stage of trust: metrics, and one log line per change. Stage before: apply.ts. */
import type { Logger } from "@outrigger/runtime/logger";
import type { OperatorMetrics } from "../metrics.ts";
import type { ObservedTrust, TrustKeys } from "./observe.ts";
import { countPinningOld, type TrustFacts, type TrustStep } from "./reconcile.ts";

/** What happened in one run. */
export interface TrustOutcome {
  readonly observed: ObservedTrust;
  readonly step: TrustStep;
  readonly keys: TrustKeys;
  readonly pinned: TrustFacts["pinned"];
}

/** Tells it. Key ids are public; keys are never told. */
export function reportTrust(
  { observed, step, keys, pinned }: TrustOutcome,
  { metrics, logger }: { readonly metrics: OperatorMetrics; readonly logger: Logger },
): void {
  metrics.showTrust({
    keys: keys.previous === undefined ? 1 : 2,
    pinningOld: countPinningOld(keys, pinned),
  });
  if (observed.kind === "broken") logger.error({ problem: observed.problem }, "the key that signs policy was unusable");
  if (step !== "keep") logger.info({ step, kid: keys.current.kid }, "the keys that sign policy changed");
}
