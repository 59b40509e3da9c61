/** Network policies of others that open a way round a sidecar. They are told of and never touched. Pure. */
import type { RawIngressRule } from "@outrigger/kube";
import { listAppPorts } from "../cluster/app-ports.ts";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import { selects, type NetworkPolicyFacts } from "../cluster/network-policy.ts";

/** Such a policy, with an example of what it opens. */
export interface ForeignOpening {
  readonly policy: NetworkPolicyFacts;
  readonly pod: string;
  readonly port: number | string;
}

/** Finds them. Pods whose server listens on loopback alone have no way round that a policy could open. */
export function findForeignOpenings(
  policies: readonly NetworkPolicyFacts[],
  pods: readonly InjectedPod[],
): readonly ForeignOpening[] {
  const exposed = Map.groupBy(
    pods.filter(({ guarantee }) => guarantee === "policy"),
    ({ namespace }) => namespace,
  );
  return policies
    .filter(({ isOurs }) => !isOurs)
    .flatMap((policy) => findOpening(policy, exposed.get(policy.namespace) ?? []));
}

function findOpening(policy: NetworkPolicyFacts, pods: readonly InjectedPod[]): ForeignOpening[] {
  for (const pod of pods) {
    if (!selects(policy.podSelector, pod.labels)) continue;
    const port = findOpenPort(policy.ingress, listAppPorts(pod));
    if (port !== undefined) return [{ policy, pod: pod.name, port }];
  }
  return [];
}

function findOpenPort(rules: readonly RawIngressRule[], appPorts: readonly number[]): number | string | undefined {
  for (const { ports = [] } of rules) {
    if (ports.length === 0 && appPorts.length > 0) return appPorts[0];
    for (const { port, endPort, protocol = "TCP" } of ports) {
      if (protocol !== "TCP") continue;
      const found = matchPort({ port, endPort }, appPorts);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** A port by name may be any of the pod's: it is taken for one of the app's. */
function matchPort(
  { port, endPort }: { readonly port: number | string | undefined; readonly endPort: number | undefined },
  appPorts: readonly number[],
): number | string | undefined {
  if (port === undefined) return appPorts[0];
  if (typeof port === "string") return appPorts.length > 0 ? port : undefined;
  return appPorts.find((each) => each >= port && each <= (endPort ?? port));
}
