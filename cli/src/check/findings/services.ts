/**
 * Judges Services of pods with a sidecar: does a port lead to the server itself, past the sidecar? In modes loopback and env the
 * sidecar has the server's own port, and stdio servers have none. Ingresses lead to Services. Pure.
 */
import type { Facts, InjectedPod, ServiceFacts, ServicePort, Wiring } from "../facts.ts";
import { count, createFinding, type Finding } from "../finding.ts";
import { judgeLook } from "../look.ts";

/** Everything about them. */
export function judgeServices({ services, injected }: Facts): readonly Finding[] {
  const pods = injected.ok ? injected.value : [];
  return judgeLook("services", services, (list) => judge(list, pods));
}

/** A port of a Service that leads to a server's own. */
interface Leak {
  readonly service: ServiceFacts;
  readonly port: ServicePort;
  readonly wiring: Wiring;
}

function judge(services: readonly ServiceFacts[], pods: readonly InjectedPod[]): readonly Finding[] {
  const selected = services.filter((service) => pods.some((pod) => selects(service, pod)));
  const leaks = selected.flatMap((service) => findLeaks(service, pods));
  const headless = leaks.filter(({ service }) => service.isHeadless);
  const others = leaks.filter(({ service }) => !service.isHeadless);
  if (leaks.length === 0)
    return selected.length === 0
      ? []
      : [createFinding("services", "ok", `${count(selected.length, "Service")} of servers, none past a sidecar`)];
  return [
    ...(others.length === 0
      ? []
      : [
          createFinding("services", "warning", {
            message: `${count(others.length, "port")} of Services past the sidecar: shut by network policy, else a way round`,
            objects: others.map(describe),
            next: others.map(repoint).join("\n"),
          }),
        ]),
    ...(headless.length === 0
      ? []
      : [
          createFinding("services", "note", {
            message: `clients of ${count(headless.length, "headless port")} dial pods themselves: only they can choose the sidecar's port`,
            objects: headless.map(describe),
            next: "have clients use the sidecar's port, or use port mode loopback, where it is the server's own",
          }),
        ]),
  ];
}

function selects({ namespace, selector }: ServiceFacts, pod: InjectedPod): boolean {
  const terms = Object.entries(selector);
  return namespace === pod.namespace && terms.length > 0 && terms.every(([key, value]) => pod.labels[key] === value);
}

function findLeaks(service: ServiceFacts, pods: readonly InjectedPod[]): readonly Leak[] {
  const own = pods.filter((pod) => selects(service, pod));
  return service.ports
    .filter(({ isTcp }) => isTcp)
    .flatMap((port) => {
      const leaking = own.find((pod) => leadsPast(port, pod));
      return leaking?.wiring === undefined ? [] : [{ service, port, wiring: leaking.wiring }];
    });
}

/** A name means the port of that name in this very pod: named-port moves it to the sidecar. */
function leadsPast({ target }: ServicePort, { wiring, ports }: InjectedPod): boolean {
  if (wiring?.appPort === undefined || wiring.appPort === wiring.dataPort) return false;
  const number = typeof target === "number" ? target : ports.find(({ name }) => name === target)?.number;
  return number === wiring.appPort;
}

function describe({ service: { namespace, name }, port: { port, target }, wiring }: Leak): string {
  return `${namespace}/${name}: port ${port} leads to ${target}, the server's own; the sidecar (${wiring.mode}) is on ${wiring.dataPort}`;
}

function repoint({ service: { namespace, name }, port: { port }, wiring }: Leak): string {
  const patch = JSON.stringify({ spec: { ports: [{ port, targetPort: wiring.dataPort }] } });
  return `kubectl patch service/${name} --namespace ${namespace} --patch '${patch}'`;
}
