/** The class of service of a pod, by its containers' resources or by its own. Source: Kubernetes, qos.go; KEP-2837. Pure. */
import { isObject, readList, readMember, type JsonObject } from "./json.ts";
import { findOwnRequest, readOwnResources } from "./pod-resources.ts";
import { isSameQuantity, readQuantity } from "./quantity.ts";

/** A pod's class of service. Source: Kubernetes, "Pod Quality of Service Classes". */
export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const counted = ["cpu", "memory"];

/** The class that the kubelet would give a pod of this spec: what a pod says as a whole counts instead of what its containers say. */
export function findQosClass(spec: JsonObject): QosClass {
  // Also where it says nothing there (seen with Kubernetes 1.34).
  if (!isObject(readMember(spec, "resources"))) return findClassByContainers(spec);
  const requests = Object.fromEntries(
    counted.map((name) => [name, findOwnRequest(spec, name)] as const).filter(([, amount]) => amount !== undefined),
  );
  return findClass([{ limits: readOwnResources(spec)?.limits ?? {}, requests }]);
}

/** The class by the containers alone, which is the pod's where it says nothing as a whole, or the cluster does not read that. */
export function findClassByContainers(spec: JsonObject): QosClass {
  const containers = [...readList(spec, "containers"), ...readList(spec, "initContainers")];
  return findClass(containers.map((container) => readMember(container, "resources")));
}

function findClass(all: readonly unknown[]): QosClass {
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
