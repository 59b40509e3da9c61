/** The class of service of a pod, by its containers' resources or by its own. Source: Kubernetes, qos.go; KEP-2837. Pure. */
import { readList, readMember } from "./json.ts";
import { isSameQuantity, readQuantity } from "./quantity.ts";

/** A pod's class of service. Source: Kubernetes, "Pod Quality of Service Classes". */
export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const counted = ["cpu", "memory"];

/** The class that the kubelet would give a pod of this spec. */
export function findQosClass(spec: unknown): QosClass {
  const own = readMember(spec, "resources");
  const containers = [...readList(spec, "containers"), ...readList(spec, "initContainers")];
  // What a pod says as a whole counts instead of what its containers say.
  const all = isSaid(own) ? [own] : containers.map((container) => readMember(container, "resources"));
  if (!all.some(isSaid)) return "BestEffort";
  return all.every(isGuaranteed) ? "Guaranteed" : "Burstable";
}

function isSaid(resources: unknown): boolean {
  return ["requests", "limits"].some((list) => counted.some((name) => (readAmount(resources, list, name) ?? 0) > 0));
}

function isGuaranteed(resources: unknown): boolean {
  return counted.every((name) => {
    const limit = readMember(readMember(resources, "limits"), name);
    const request = readMember(readMember(resources, "requests"), name) ?? limit;
    return (readAmount(resources, "limits", name) ?? 0) > 0 && isSameQuantity(limit, request);
  });
}

function readAmount(resources: unknown, list: string, name: string): number | undefined {
  return readQuantity(readMember(readMember(resources, list), name));
}
