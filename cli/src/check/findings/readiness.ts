/** Judges whether pods with a sidecar are Ready, and says who knows more where they are not. Pure. */
import type { InjectedPod, Unready } from "../facts.ts";
import { count, createFinding, type Finding, type Level } from "../finding.ts";

interface UnreadyPod extends InjectedPod {
  readonly unready: Unready;
}

/** One finding for those that may only be starting, one for the others. */
export function judgeReadiness(pods: readonly InjectedPod[]): readonly Finding[] {
  if (pods.length === 0) return [];
  const unready = pods.filter((pod): pod is UnreadyPod => pod.unready !== undefined);
  if (unready.length === 0)
    return [createFinding("pods", "ok", `${count(pods.length, "pod")} with a sidecar, all ready`)];
  const fresh = unready.filter((pod) => pod.unready.isFresh);
  const stuck = unready.filter((pod) => !pod.unready.isFresh);
  return [
    ...tell("problem", stuck, `${count(stuck.length, "pod")} with a sidecar not ready`),
    ...tell("warning", fresh, `${count(fresh.length, "pod")} with a sidecar not ready, made less than a minute ago`),
  ];
}

function tell(level: Level, pods: readonly UnreadyPod[], message: string): readonly Finding[] {
  if (pods.length === 0) return [];
  const objects = pods.map(
    ({ namespace, name, unready: { cause, message: why, container } }) =>
      `${namespace}/${name}: ${cause}${container === undefined ? "" : ` (${container})`}${why === "" ? "" : `: ${why}`}`,
  );
  return [createFinding("pods", level, { message, objects, next: pods.map(ask).join("\n") })];
}

/** Whoever knows more: the container's own log where it has run, else what scheduler and kubelet say. */
function ask({ namespace, name, unready: { cause, container, hasEnded } }: UnreadyPod): string {
  const isAboutImage = /^(ErrImage|ImagePull|InvalidImage|CreateContainer)/.test(cause);
  if (container === undefined || isAboutImage) return `kubectl describe pod/${name} --namespace ${namespace}`;
  const previous = hasEnded === true ? " --previous" : "";
  return `kubectl logs pod/${name} --namespace ${namespace} --container ${container}${previous}`;
}
