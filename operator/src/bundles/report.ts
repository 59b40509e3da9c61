/** Last stage of bundles: metrics, a log line per change, and an Event for a policy that is too large. */
import { bundleLimits } from "@outrigger/api/bundle";
import type { EventRecorder } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import type { NamespaceFacts } from "../cluster/namespaces.ts";
import type { OperatorMetrics } from "../metrics.ts";
import type { ObservedBundles } from "./observe.ts";
import type { BundlePlan, TooLarge } from "./reconcile.ts";

/** Who is told. */
export interface BundleListeners {
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
  readonly namespaces: () => readonly NamespaceFacts[];
}

/** Tells of one run. */
export function reportBundles(observed: ObservedBundles, plan: BundlePlan, listeners: BundleListeners): void {
  const { metrics, logger } = listeners;
  const { writes, patches, removals, tooLarge, unsigned } = plan;
  const namespaces = observed.guarded.length;
  const refusedNamespaces = tooLarge.filter(({ server }) => server === undefined).length;
  metrics.showBundles({ namespaces, bundles: namespaces - refusedNamespaces, tooLarge: tooLarge.length, unsigned });
  if (writes.length + patches.length + removals.length > 0) {
    logger.info({ written: writes.length, pods: patches.length, removed: removals.length }, "policies written");
  }
  for (const each of tooLarge) tell(each, listeners);
}

function tell({ namespace, server, chars }: TooLarge, { recorder, logger, namespaces }: BundleListeners): void {
  const reason = "BundleTooLarge";
  const uid = namespaces().find(({ name }) => name === namespace)?.uid;
  const whose = server === undefined ? `namespace ${namespace}` : `server ${namespace}/${server}`;
  recorder.record({
    regarding: { apiVersion: "v1", kind: "Namespace", name: namespace, ...(uid === undefined ? {} : { uid }) },
    type: "Warning",
    reason,
    action: "SignPolicy",
    note: `The signed policy of ${whose} has ${chars} characters, at most ${bundleLimits.maxChars} can be carried; the last good one stays in force.`,
  });
  logger.warn({ reason, namespace, server, chars }, "a policy is too large");
}
