/**
 * What there is to know of a pod that carries the sidecar, read from the pod itself as it is after the patch: what injection wrote is
 * what is told, not what the manifest seems to ask for. Pure.
 */
import { keys } from "@outrigger/api/keys";
import {
  findQosClass,
  parseObject,
  readInteger,
  readList,
  readMember,
  readObject,
  readText,
  sidecarName,
} from "@outrigger/webhook/inject";
import type { InjectionFacts, Resources } from "./explanation.ts";
import { compare } from "./pod-changes.ts";
import { traceServices } from "./services.ts";

/** The pod before and after, and the Services that may lead to it. */
export interface InjectedPodFacts {
  readonly before: unknown;
  readonly after: unknown;
  readonly namespace: string;
  readonly services: readonly unknown[];
}

/** Reads it. Undefined where the pod carries no sidecar. */
export function readInjection({ before, after, namespace, services }: InjectedPodFacts): InjectionFacts | undefined {
  const sidecar = findSidecar(after);
  if (sidecar === undefined) return undefined;
  const ports = readPorts(after);
  const metadata = readObject(after, "metadata");
  return {
    server: readText(readObject(metadata, "labels"), keys.server.key) ?? "",
    ...readTransport(ports.portMode, sidecar),
    ...ports,
    ...compare(before, after),
    resources: readResources(sidecar),
    qos: { before: findQosClass(readObject(before, "spec")), after: findQosClass(readObject(after, "spec")) },
    services: traceServices(services, { pod: after, namespace, ports }),
  };
}

type Ports = Pick<
  InjectionFacts,
  "container" | "serverPort" | "portMode" | "guarantee" | "sidecarPort" | "path" | "configHash"
>;

/** What the annotations of injection say. */
function readPorts(pod: unknown): Ports {
  const annotations = readObject(readObject(pod, "metadata"), "annotations");
  const status = parseObject(readText(annotations, keys.status.key));
  const [, sidecarPort, path = ""] = /^(\d+)(.*)$/.exec(readText(annotations, keys.endpoint.key) ?? "") ?? [];
  const serverPort = readInteger(status, "port");
  const textOf = (member: string): string => readText(status, member) ?? "";
  return {
    container: textOf("container"),
    ...(serverPort === undefined ? {} : { serverPort }),
    portMode: textOf("mode"),
    guarantee: textOf("guarantee"),
    sidecarPort: Number(sidecarPort),
    path,
    configHash: textOf("configHash"),
  };
}

function readTransport(portMode: string, sidecar: unknown): Pick<InjectionFacts, "transport"> {
  const transport = portMode === "stdio" ? "stdio" : readVariable(sidecar, "OUTRIGGER_TRANSPORT");
  return transport === undefined ? {} : { transport };
}

/** The sidecar's container, wherever in the pod it stands. */
export function findSidecar(pod: unknown): unknown {
  const spec = readObject(pod, "spec");
  return [...readList(spec, "initContainers"), ...readList(spec, "containers")].find(
    (each) => readText(each, "name") === sidecarName,
  );
}

/** The value of a variable that a container is given in so many words. */
export function readVariable(container: unknown, name: string): string | undefined {
  return readText(
    readList(container, "env").find((each) => readText(each, "name") === name),
    "value",
  );
}

/** A container's resources, numbers as texts. */
export function readResources(container: unknown): Resources {
  const read = (list: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(readObject(readMember(container, "resources"), list)).map(([name, amount]) => [
        name,
        String(amount),
      ]),
    );
  return { requests: read("requests"), limits: read("limits") };
}
