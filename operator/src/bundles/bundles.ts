/** The duty "bundles": every guarded namespace and every injected pod carries its signed policy. Stages in their order. */
import type { DutyResult } from "../duty.ts";
import { applyBundles, type BundlePlace } from "./apply.ts";
import { observeBundles, type BundleSources } from "./observe.ts";
import { reconcileBundles, type Sign } from "./reconcile.ts";
import { reportBundles, type BundleListeners } from "./report.ts";

/** What the duty works with. */
export interface BundleParts
  extends BundleSources, Omit<BundlePlace, "signal" | "onPatch">, Omit<BundleListeners, "namespaces"> {
  readonly sign: Sign;
  readonly settleMs: number;
}

/** Creates one run of the duty. */
export function createBundleRun(parts: BundleParts): (signal: AbortSignal) => Promise<DutyResult> {
  return async (signal) => {
    const observed = observeBundles(parts);
    if (observed === undefined) return { problems: [] };
    const plan = await reconcileBundles(observed, parts.sign, parts);
    const failures = await applyBundles(plan, { ...parts, signal, onPatch: parts.metrics.countPolicyPatch });
    reportBundles(observed, plan, { ...parts, namespaces: parts.view.namespaces });
    const isSettling = observed.keys.previous !== undefined;
    return { problems: failures.map(({ message }) => message), ...(isSettling ? { nextMs: parts.settleMs } : {}) };
  };
}
