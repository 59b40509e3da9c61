/**
 * Where the ports of Services lead in a pod with the sidecar: to the sidecar, to the server past it, or elsewhere. Where no Service is
 * known, what each kind of targetPort would lead to in this port mode. Pure.
 */
import { isObject, readInteger, readList, readMember, readObject, readText } from "@outrigger/webhook/inject";
import type { InjectionFacts, ServicePort } from "./explanation.ts";

type Ports = Pick<InjectionFacts, "serverPort" | "sidecarPort" | "container">;

/** The ports of those Services of a namespace that select the pod, which is the one with the sidecar in it. */
export function traceServices(
  services: readonly unknown[],
  { pod, namespace, ports }: { readonly pod: unknown; readonly namespace: string; readonly ports: Ports },
): readonly ServicePort[] {
  const labels = readObject(readObject(pod, "metadata"), "labels");
  return services
    .filter((service) => (readText(readObject(service, "metadata"), "namespace") ?? namespace) === namespace)
    .filter((service) => selects(readMember(readObject(service, "spec"), "selector"), labels))
    .flatMap((service) =>
      readList(readObject(service, "spec"), "ports").map((port) => tracePort(service, port, { pod, ports })),
    );
}

function selects(selector: unknown, labels: unknown): boolean {
  if (!isObject(selector)) return false;
  const terms = Object.entries(selector);
  return terms.length > 0 && terms.every(([key, value]) => readText(labels, key) === value);
}

function tracePort(
  service: unknown,
  port: unknown,
  { pod, ports }: { readonly pod: unknown; readonly ports: Ports },
): ServicePort {
  const number = readInteger(port, "port") ?? 0;
  const target = readInteger(port, "targetPort") ?? readText(port, "targetPort") ?? number;
  const isHeadless = readText(readObject(service, "spec"), "clusterIP") === "None";
  const reached = isHeadless ? number : typeof target === "number" ? target : findNamed(pod, target);
  const how = isHeadless ? "headless, so clients dial the pod itself: " : "";
  const { leadsTo, text } = judge(reached, ports);
  return {
    service: readText(readObject(service, "metadata"), "name") ?? "",
    port: String(number),
    targetPort: String(target),
    leadsTo,
    text: `${how}${reached === undefined ? `no container has a port of the name ${String(target)}` : text}`,
  };
}

function judge(
  reached: number | undefined,
  { serverPort, sidecarPort, container }: Ports,
): Pick<ServicePort, "leadsTo" | "text"> {
  // Where both have one number, it is the sidecar that has it on the pod's addresses.
  if (reached === sidecarPort) return { leadsTo: "sidecar", text: "the sidecar" };
  if (reached !== undefined && reached === serverPort)
    return {
      leadsTo: "server",
      text: `container ${container} itself, past the sidecar: only network policy can close it; set targetPort ${sidecarPort}`,
    };
  return { leadsTo: "other", text: `port ${String(reached)}, which is neither the sidecar's nor the server's` };
}

/** The number behind a name: Kubernetes looks at containers, and at init containers that keep running. */
function findNamed(pod: unknown, name: string): number | undefined {
  const spec = readObject(pod, "spec");
  const sidecars = readList(spec, "initContainers").filter((each) => readText(each, "restartPolicy") === "Always");
  const ports = [...readList(spec, "containers"), ...sidecars].flatMap((container) => readList(container, "ports"));
  return readInteger(
    ports.find((port) => readText(port, "name") === name),
    "containerPort",
  );
}
