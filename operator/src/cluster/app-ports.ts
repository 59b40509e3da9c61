/** The ports of a pod that lead, or may lead, to the server past its sidecar. Pure. */
import { sidecarPorts } from "@outrigger/api/ports";
import type { InjectedPod } from "./injected-pod.ts";

/** In ascending order: what containers declare and where the sidecar finds the app, less what the sidecar itself holds. */
export function listAppPorts({ declaredPorts, upstreamPort, dataPort }: InjectedPod): readonly number[] {
  const held = [dataPort, sidecarPorts.control, sidecarPorts.admin];
  const all = [...declaredPorts, ...(upstreamPort === undefined ? [] : [upstreamPort])];
  return [...new Set(all)].filter((port) => !held.includes(port)).sort((a, b) => a - b);
}

/** True where app and sidecar have the same port number, the one on loopback, the other on the pod's addresses. */
export function sharesPort({ upstreamPort, dataPort }: InjectedPod): boolean {
  return dataPort !== undefined && upstreamPort === dataPort;
}
