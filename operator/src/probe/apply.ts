/** Third stage of the probe: dials, and writes results that differ on to pods. Stage before: reconcile.ts, next: report.ts. */
import { keys } from "@outrigger/api/keys";
import type { ApiFailure, Objects } from "@outrigger/kube";
import { annotatePod } from "../cluster/annotate-pod.ts";
import { writeEnforced, type Enforced } from "@outrigger/api/enforced";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import type { Pace } from "../pace.ts";
import type { Dial } from "./dial.ts";
import { judgeProbe, planProbe, type Dialled, type Target } from "./reconcile.ts";

/** What dials and writes. `from` names the place that is dialled from. */
export interface Prober {
  readonly dial: Dial;
  readonly from: string;
  readonly objects: Objects;
  readonly pace: Pace;
}

/** Probes one pod: the sidecar first, since without it a closed port proves nothing. */
export async function probePod(
  pod: InjectedPod,
  { dial, from }: Pick<Prober, "dial" | "from">,
  signal: AbortSignal,
): Promise<Enforced> {
  const plan = planProbe(pod);
  const dialAll = (targets: readonly Target[]): Promise<readonly Dialled[]> =>
    Promise.all(targets.map((target) => dial(target, signal)));
  const control = await dialAll(plan.control);
  const [ways, shared] = await Promise.all([dialAll(plan.ways), dialAll(plan.shared)]);
  return judgeProbe(pod, { plan, answers: { control, ways, shared }, from });
}

/** Writes a result where it differs from what the pod says. */
export async function writeResult(
  pod: InjectedPod,
  result: Enforced,
  { objects, pace, signal }: Pick<Prober, "objects" | "pace"> & { readonly signal: AbortSignal },
): Promise<ApiFailure | undefined> {
  const value = writeEnforced(result);
  if (pod.enforced !== undefined && writeEnforced(pod.enforced) === value) return undefined;
  if (!(await pace.next(signal))) return undefined;
  return annotatePod(objects, pod, { key: keys.enforced.key, value });
}
