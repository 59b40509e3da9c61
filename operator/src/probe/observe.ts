/** First stage of the probe: which pods are due now, and when the next one is. Next: reconcile.ts. */
import { digestOf, type InjectedPod } from "../cluster/injected-pod.ts";
import type { NetworkPolicyFacts } from "../cluster/network-policy.ts";
import { describeSituation, isProbeable, planFirst, planNext, type ProbeMemory, type ProbeTimes } from "./reconcile.ts";
import type { Enforced } from "@outrigger/api/enforced";

/** The time table of one leader. `policies`: what the network policies of each namespace are, as any text that changes with them. */
export interface Timetable {
  /** The pods that are due; others are remembered, those that are gone forgotten. */
  readonly take: (pods: readonly InjectedPod[], policies: ReadonlyMap<string, string>) => readonly InjectedPod[];
  /** A pod was probed. */
  readonly done: (pod: InjectedPod, result: Enforced["status"]) => void;
  /** Time until the next pod is due, ms; undefined where none is known. */
  readonly nextMs: () => number | undefined;
}

/** Creates an empty time table. */
export function createTimetable(
  times: ProbeTimes,
  { nowMs, random }: { readonly nowMs: () => number; readonly random: () => number },
): Timetable {
  let known = new Map<string, ProbeMemory>();
  const now = (): { nowMs: number; random: number } => ({ nowMs: nowMs(), random: random() });
  const remember = (pod: InjectedPod, situation: string): ProbeMemory => {
    const before = known.get(pod.uid);
    if (before === undefined) return { situation, dueMs: planFirst(pod, times, now()), isNew: true };
    return before.situation === situation ? before : { situation, dueMs: nowMs(), isNew: true };
  };
  return {
    take: (pods, policies) => {
      const probeable = pods.filter(isProbeable);
      const describe = (pod: InjectedPod): string => describeSituation(pod, policies.get(pod.namespace) ?? "");
      known = new Map(probeable.map((pod) => [pod.uid, remember(pod, describe(pod))]));
      const atMs = nowMs();
      return probeable.filter(({ uid }) => (known.get(uid)?.dueMs ?? Number.POSITIVE_INFINITY) <= atMs);
    },
    done: ({ uid }, result) => {
      const memory = known.get(uid);
      if (memory !== undefined) known.set(uid, planNext(memory, { result, times }, now()));
    },
    nextMs: () => {
      if (known.size === 0) return undefined;
      const firstMs = [...known.values()].reduce(
        (least, { dueMs }) => Math.min(least, dueMs),
        Number.POSITIVE_INFINITY,
      );
      return Math.max(0, firstMs - nowMs());
    },
  };
}

/** What the network policies of each namespace are: equal texts for equal policies. */
export function describePolicies(policies: readonly NetworkPolicyFacts[]): ReadonlyMap<string, string> {
  const byNamespace = Map.groupBy(policies, ({ namespace }) => namespace);
  return new Map(
    [...byNamespace].map(([namespace, own]) => [
      namespace,
      digestOf(
        own
          .map(({ name, spec }) => `${name} ${spec}`)
          .sort()
          .join("\n"),
      ),
    ]),
  );
}
