/**
 * The network policies of one namespace: injected pods are closed, their sidecars' ports are opened to those who need them, and
 * nothing else is. A port is opened only on pods whose sidecar holds it: elsewhere the same number may be the app's. Pure.
 */
import { keys } from "@outrigger/api/keys";
import { sidecarPorts } from "@outrigger/api/ports";
import type { RawNetworkPolicy, RawSelectorTerm } from "@outrigger/kube";
import { listAppPorts } from "../cluster/app-ports.ts";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import { managedBy } from "../cluster/network-policy.ts";
import type { Peer } from "./peers.ts";

/** Who may reach what. `clients` reach data ports beside the aggregators; `probers` see that a sidecar is there, `watchers` how much it is used. */
export interface Admitted {
  readonly aggregators: readonly Peer[];
  readonly clients: readonly Peer[];
  readonly monitoring: readonly Peer[];
  readonly probers: readonly Peer[];
  readonly watchers: readonly Peer[];
}

/** A policy that is to be there, without its namespace. */
export interface WantedPolicy {
  readonly name: string;
  readonly spec: NonNullable<RawNetworkPolicy["spec"]>;
}

/** A port of a sidecar that stays closed, because other pods of the server have the app there. */
export interface WithheldPort {
  readonly server: string;
  readonly port: number;
}

/** Builds the policies of a namespace that holds these injected pods, or none yet. */
export function buildPolicies(
  pods: readonly InjectedPod[],
  admitted: Admitted,
): { readonly policies: readonly WantedPolicy[]; readonly withheld: readonly WithheldPort[] } {
  const { opened, withheld } = assignPorts(pods);
  const data = [...admitted.aggregators, ...admitted.clients];
  const occupied = listServers(pods.filter((pod) => listAppPorts(pod).includes(sidecarPorts.data)));
  const policies = [
    { name: "outrigger-default-deny", spec: { podSelector: select([]), policyTypes: ["Ingress"] } },
    // There before the first pod is: most sidecars have this port.
    ...open(sidecarPorts.data, data, occupied.length === 0 ? [] : [serverTerm("NotIn", occupied)]),
    ...open(sidecarPorts.control, [...admitted.aggregators, ...admitted.watchers], []),
    ...open(sidecarPorts.admin, [...admitted.monitoring, ...admitted.probers], []),
    ...[...opened].flatMap(([port, servers]) => open(port, data, [serverTerm("In", servers)])),
  ];
  return { policies, withheld };
}

/** Absent `from` would admit everybody, so without peers there is no policy. */
function open(port: number, from: readonly Peer[], terms: readonly RawSelectorTerm[]): WantedPolicy[] {
  if (from.length === 0) return [];
  const ingress = [{ from, ports: [{ port, protocol: "TCP" }] }];
  return [{ name: `outrigger-port-${port}`, spec: { podSelector: select(terms), policyTypes: ["Ingress"], ingress } }];
}

function select(terms: readonly RawSelectorTerm[]) {
  const matchLabels = { [keys.injected.key]: "true" };
  return terms.length === 0 ? { matchLabels } : { matchLabels, matchExpressions: terms };
}

function serverTerm(operator: "In" | "NotIn", values: readonly string[]): RawSelectorTerm {
  return { key: keys.server.key, operator, values };
}

/** Data ports other than the usual one, with the servers whose sidecars hold them, both in order. */
function assignPorts(pods: readonly InjectedPod[]): {
  readonly opened: ReadonlyMap<number, readonly string[]>;
  readonly withheld: readonly WithheldPort[];
} {
  const ports = new Set(pods.flatMap(({ dataPort }) => dataPort ?? []));
  for (const port of Object.values(sidecarPorts)) ports.delete(port);
  const opened = new Map<number, readonly string[]>();
  const withheld: WithheldPort[] = [];
  for (const port of [...ports].sort((a, b) => a - b)) {
    const conflicting = new Set(listServers(pods.filter((pod) => listAppPorts(pod).includes(port))));
    const holding = listServers(pods.filter(({ dataPort }) => dataPort === port));
    const free = holding.filter((server) => !conflicting.has(server));
    if (free.length > 0) opened.set(port, free);
    for (const server of holding) if (conflicting.has(server)) withheld.push({ server, port });
  }
  return { opened, withheld };
}

function listServers(pods: readonly InjectedPod[]): readonly string[] {
  return [...new Set(pods.map(({ server }) => server))].sort();
}

/** The object of a policy. */
export function toPolicyObject({ spec }: WantedPolicy): RawNetworkPolicy {
  return { metadata: { labels: { [managedBy.label]: managedBy.value } }, spec };
}
