/** The commands that make pods anew, by who makes them. Pure. */
import type { PodPlace } from "./facts.ts";

const restartable = ["Deployment", "StatefulSet", "DaemonSet"];

/** The lines for these pods, each once, those of one kind and namespace in one. */
export function listRestarts(pods: readonly PodPlace[]): readonly string[] {
  const rollouts = new Map<string, Set<string>>();
  const others = new Set<string>();
  for (const pod of pods) {
    const { owner, namespace } = pod;
    if (owner === undefined || !restartable.includes(owner.kind)) {
      others.add(remake(pod));
      continue;
    }
    const names = rollouts.get(namespace) ?? new Set();
    rollouts.set(namespace, names.add(`${owner.kind.toLowerCase()}/${owner.name}`));
  }
  const lines = [...rollouts].map(
    ([namespace, names]) => `kubectl rollout restart ${[...names].join(" ")} --namespace ${namespace}`,
  );
  return [...lines, ...others];
}

function remake({ namespace, name, owner }: PodPlace): string {
  const pod = `pod/${name} --namespace ${namespace}`;
  // Nobody makes a bare pod again.
  if (owner === undefined) return `kubectl get ${pod} --output yaml | kubectl replace --force --filename -`;
  if (owner.kind === "Job") return `let job/${owner.name} in ${namespace} end, or delete it and create it again`;
  if (owner.kind === "CronJob") return `let the run of cronjob/${owner.name} in ${namespace} end: the next one is new`;
  // Whatever else makes pods makes another one for it.
  return `kubectl delete ${pod}`;
}
