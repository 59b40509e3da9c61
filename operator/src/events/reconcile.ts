/** Second stage of events: what is news and has not been told. Pure. Stage before: observe.ts, next: apply.ts. */
import type { Reason } from "@outrigger/api/reasons";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import type { NamespaceFacts } from "../cluster/namespaces.ts";
import type { MissedPod } from "./read-missed.ts";
import type { RefusalFacts } from "./read-refusal.ts";

/** What is there. `sinceMs`: what is older was told by whoever led then. */
export interface ObservedNews {
  readonly pods: readonly InjectedPod[];
  readonly missed: readonly MissedPod[];
  readonly refusals: readonly RefusalFacts[];
  readonly namespaces: readonly NamespaceFacts[];
  readonly system: ReadonlySet<string>;
  readonly sinceMs: number;
}

/** One thing to tell. `key` names it for good; `about` is the pod, or the controller that could not make one. */
export interface News {
  readonly key: string;
  readonly about:
    | { readonly kind: "pod"; readonly pod: InjectedPod | MissedPod }
    | { readonly kind: "controller"; readonly refusal: RefusalFacts };
  readonly type: "Normal" | "Warning";
  readonly reason: Reason;
  readonly action: string;
  readonly note: string;
}

/** Everything that may be told now, each under a key of its own; whether it was told already is the caller's memory. */
export function findNews(observed: ObservedNews): readonly News[] {
  const isNew = (time: string): boolean => Date.parse(time) >= observed.sinceMs;
  return [
    ...observed.pods.filter(({ createdAt }) => isNew(createdAt)).map(tellInjected),
    ...listMissed(observed).map(tellMissed),
    ...observed.refusals.filter(({ at }) => isNew(at)).map(tellRefusal),
  ];
}

/** Pods without the sidecar that the webhook would have been asked about. */
export function listMissed({
  missed,
  namespaces,
  system,
}: Pick<ObservedNews, "missed" | "namespaces" | "system">): readonly MissedPod[] {
  const optedIn = new Set(namespaces.flatMap(({ name, isOptedIn }) => (isOptedIn ? [name] : [])));
  return missed.filter(
    ({ namespace, inject }) => !system.has(namespace) && (inject === "enabled" || optedIn.has(namespace)),
  );
}

/** Pods that should have the sidecar and do not: opting out is a choice, and a relay is a sidecar. */
export function countNotInjected(missed: readonly MissedPod[]): number {
  return missed.filter(({ inject, isRelay }) => inject !== "disabled" && !isRelay).length;
}

function tellInjected(pod: InjectedPod): News {
  const note = `Pod ${pod.name} carries the sidecar; what closes the way round it: ${pod.guarantee}.`;
  const about = { kind: "pod", pod } as const;
  return { key: `injected ${pod.uid}`, about, type: "Normal", reason: "Injected", action: "Inject", note };
}

function tellMissed(pod: MissedPod): News {
  const about = { kind: "pod", pod } as const;
  if (pod.inject === "disabled") {
    const note = `Pod ${pod.name} has no sidecar: its label opts out.`;
    return { key: `missed ${pod.uid}`, about, type: "Normal", reason: "OptedOut", action: "Skip", note };
  }
  if (pod.isRelay) {
    const note = `Pod ${pod.name} gets no sidecar: it is a relay, the sidecar itself.`;
    return { key: `missed ${pod.uid}`, about, type: "Normal", reason: "RelayPod", action: "Skip", note };
  }
  const note = `Pod ${pod.name} has no sidecar: it is older than the opt-in or the webhook was not asked. Restart its workload.`;
  return { key: `missed ${pod.uid}`, about, type: "Warning", reason: "NotInjected", action: "Skip", note };
}

function tellRefusal(refusal: RefusalFacts): News {
  const { uid, at, wasAsked, reasons, note } = refusal;
  // A long message may have been cut before its first reason.
  const unnamed = wasAsked ? "its message names no reason" : "the webhook could not be asked";
  const named = reasons.length === 0 ? unnamed : reasons.join(", ");
  return {
    key: `refused ${uid} ${at}`,
    about: { kind: "controller", refusal },
    type: "Warning",
    reason: "InjectionRefused",
    // Events of one action are repeats of one another: refusals for different reasons are not.
    action: `Refuse${reasons.slice(0, 3).join("")}`,
    note: `A pod was refused (${named}): ${note}`,
  };
}
