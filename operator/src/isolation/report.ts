/** Last stage of isolation: metrics, log, Events for policies of others and for ports that stay closed. */
import type { EventRecorder } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import type { NetworkPolicyFacts } from "../cluster/network-policy.ts";
import type { OperatorMetrics } from "../metrics.ts";
import type { IsolationPlan } from "./reconcile.ts";

/** Who is told. */
export interface IsolationListeners {
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
}

/** Tells of one run. What was told and is still so is not told again: `told` is the memory of the caller. */
export function reportIsolation(
  plan: IsolationPlan,
  { metrics, logger, recorder }: IsolationListeners,
  told: Set<string>,
): void {
  metrics.showForeignPolicies(plan.openings.length);
  if (plan.writes.length + plan.removals.length > 0) {
    logger.info({ written: plan.writes.length, removed: plan.removals.length }, "network policies changed");
  }
  const news = listNews(plan);
  for (const { key, policy, reason, note } of news) {
    if (told.has(key)) continue;
    logger.warn({ reason, namespace: policy.namespace, policy: policy.name }, note);
    recorder.record({ regarding: toReference(policy), type: "Warning", reason, action: "Isolate", note });
  }
  told.clear();
  for (const { key } of news) told.add(key);
}

interface News {
  readonly key: string;
  readonly policy: Pick<NetworkPolicyFacts, "namespace" | "name"> & { readonly uid?: string };
  readonly reason: "ForeignPolicyOpens" | "PolicyNameTaken" | "PortWithheld";
  readonly note: string;
}

function listNews({ openings, taken, withheld }: IsolationPlan): readonly News[] {
  return [
    ...openings.map(({ policy, pod, port }) => ({
      key: `opens ${policy.uid} ${port}`,
      policy,
      reason: "ForeignPolicyOpens" as const,
      note: `Network policy ${policy.name} opens port ${port} of pods such as ${pod}, past the sidecar.`,
    })),
    ...taken.map((policy) => ({
      key: `taken ${policy.uid}`,
      policy,
      reason: "PolicyNameTaken" as const,
      note: `Network policy ${policy.name} is not Outrigger's, but bears the name that one of ours needs.`,
    })),
    ...withheld.map(({ namespace, server, port }) => ({
      key: `withheld ${namespace}/${server}:${port}`,
      policy: { namespace, name: "outrigger-default-deny" },
      reason: "PortWithheld" as const,
      note: `Port ${port} of server ${server} stays closed as long as older pods have the server itself there.`,
    })),
  ];
}

function toReference({ namespace, name, uid }: News["policy"]) {
  const identity = uid === undefined ? {} : { uid };
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", namespace, name, ...identity };
}
