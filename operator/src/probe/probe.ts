/** The duty "probe": every injected pod is tried for a way round its sidecar, and says what came of it. Stages in their order. */
import type { EventRecorder } from "@outrigger/kube";
import type { Enforced } from "@outrigger/api/enforced";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import type { Owners } from "../cluster/owners.ts";
import type { ClusterView } from "../cluster/view.ts";
import type { DutyResult } from "../duty.ts";
import type { OperatorMetrics } from "../metrics.ts";
import { probePod, writeResult, type Prober } from "./apply.ts";
import { createTimetable, describePolicies } from "./observe.ts";
import type { ProbeTimes } from "./reconcile.ts";
import { countResults, reportResult } from "./report.ts";

/** What the duty works with. */
export interface ProbeParts extends Prober {
  readonly view: ClusterView;
  /** How many pods without the sidecar there are that should have it. */
  readonly notInjected: () => number;
  readonly times: ProbeTimes;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly metrics: OperatorMetrics;
  readonly recorder: EventRecorder;
  readonly owners: Owners;
}

/** Pods that are probed at once. */
const lanes = 16;

/** Creates one run of the duty. */
export function createProbeRun(parts: ProbeParts): (signal: AbortSignal) => Promise<DutyResult> {
  const timetable = createTimetable(parts.times, parts);
  let results = new Map<string, Enforced>();

  const probeOne = async (pod: InjectedPod, signal: AbortSignal): Promise<string | undefined> => {
    const result = await probePod(pod, parts, signal);
    // Dialling was cut short, so that closed means nothing.
    if (signal.aborted) return undefined;
    results.set(pod.uid, result);
    const failure = await writeResult(pod, result, { ...parts, signal });
    // What could not be written is worth another try soon.
    timetable.done(pod, failure === undefined ? result.status : "Unknown");
    await reportResult(pod, result, parts);
    return failure?.message;
  };

  return async (signal) => {
    const { view } = parts;
    const queue = [...timetable.take(view.pods(), describePolicies(view.policies()))];
    const problems: string[] = [];
    const work = async (): Promise<void> => {
      for (let pod = queue.shift(); pod !== undefined && !signal.aborted; pod = queue.shift()) {
        const problem = await probeOne(pod, signal);
        if (problem !== undefined) problems.push(problem);
      }
    };
    await Promise.all(Array.from({ length: lanes }, work));
    const pods = view.pods();
    const present = new Set(pods.map(({ uid }) => uid));
    results = new Map([...results].filter(([uid]) => present.has(uid)));
    parts.metrics.showEnforced(countResults(pods, results, parts.notInjected()));
    const nextMs = timetable.nextMs();
    return { problems, ...(nextMs === undefined ? {} : { nextMs }) };
  };
}
