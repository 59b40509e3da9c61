/** Last stage of sleep: log, metrics, and Events on the workloads. Stage before: apply.ts. */
import type { AsleepIdentity } from "@outrigger/api/asleep";
import { reasons } from "@outrigger/api/reasons";
import type { EventRecorder } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import { toReference, type WorkloadIdentity } from "../cluster/workload.ts";
import type { OperatorMetrics } from "../metrics.ts";
import { identityOf } from "./apply.ts";
import type { Obstacle } from "./reconcile.ts";

/** Who is told. */
export interface SleepListeners {
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
}

/** Tells that a server fell asleep. */
export function reportAsleep(identity: AsleepIdentity, { metrics, logger, recorder }: SleepListeners): void {
  const { server, namespace, replicas } = identity;
  metrics.countSleep("Asleep");
  logger.info({ reason: "Asleep", namespace, server, replicas }, "a server sleeps");
  recorder.record({
    regarding: toReference(identityOf(identity)),
    type: "Normal",
    reason: "Asleep",
    action: "Sleep",
    note: `${reasons.Asleep.sentence} It was scaled from ${replicas} to 0.`,
  });
}

/** Tells that a server is being started. `by`: what for, as the end of a sentence. */
export function reportWoken(
  identity: AsleepIdentity,
  by: string,
  { logger, recorder }: Pick<SleepListeners, "logger" | "recorder">,
): void {
  const { server, namespace, replicas } = identity;
  logger.info({ reason: "Woken", namespace, server, replicas }, "a server is woken");
  recorder.record({
    regarding: toReference(identityOf(identity)),
    type: "Normal",
    reason: "Woken",
    action: "Wake",
    note: `${reasons.Woken.sentence} It was scaled from 0 to ${replicas}: ${by}.`,
  });
}

/** Tells owners what keeps their workloads awake; what was told and is still so is not told again: `told` is the caller's memory. */
export function reportObstacles(
  obstacles: readonly Obstacle[],
  { metrics, logger, recorder }: SleepListeners,
  told: Map<string, string>,
): void {
  for (const { workload, reason, note } of obstacles) {
    const news = `${reason} ${note}`;
    if (told.get(workload.uid) === news) continue;
    told.set(workload.uid, news);
    metrics.countSleep(reason);
    logger.warn({ reason, ...name(workload), note }, "a workload can't sleep");
    const message = `${reasons[reason].sentence} ${note}`;
    recorder.record({ regarding: toReference(workload), type: "Warning", reason, action: "Sleep", note: message });
  }
}

const name = ({ namespace, kind, name: workload }: WorkloadIdentity) => ({ namespace, kind, workload });
