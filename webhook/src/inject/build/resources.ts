/**
 * Resources of our containers: small requests, a memory limit, no CPU limit; equal ones where the pod is Guaranteed; requests that fit
 * where the pod itself says how much it has.
 */
import { keys } from "@outrigger/api/keys";
import { isAbove, isSameQuantity, readQuantity } from "../read/quantity.ts";
import { readMember, readObject, type JsonObject } from "../read/json.ts";
import { findQosClass } from "../read/qos.ts";
import { isNativeSidecar, type ContainerView, type PodView } from "../read/pod.ts";
import type { ResourceSettings } from "../read/settings.ts";

/** CPU of the sidecar in Guaranteed pods where nobody chose one: its start takes 1.4 s at this limit (measured). */
const guaranteedCpu = "100m";

/** The resources field of a container of ours. Source: Kubernetes quality of service classes. */
export function planResources(settings: ResourceSettings, pod: PodView): JsonObject {
  const isBounded = hasOwnResources(pod);
  if (!isBounded && findQosClass(pod.spec) === "Guaranteed") return planGuaranteed(settings);
  const amounts: Amounts = {
    limits: listAmounts({ cpu: settings.cpuLimit, memory: settings.memoryLimit }),
    requests: { cpu: settings.cpuRequest, memory: settings.memoryRequest },
  };
  return isBounded ? fitIn(amounts, pod) : { ...amounts };
}

/** Amounts by resource, as written. */
interface Amounts {
  readonly limits: Readonly<Record<string, string>>;
  readonly requests: Readonly<Record<string, string>>;
}

/** None and nothing are the same. */
function listAmounts(amounts: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(amounts).flatMap(([name, amount]) =>
      amount === undefined || isSameQuantity(amount, 0) ? [] : [[name, amount]],
    ),
  );
}

/** True for a pod that says how much it has as a whole, which then decides its class. */
export function hasOwnResources({ spec }: PodView): boolean {
  const own = readObject(spec, "resources");
  return ["limits", "requests"].some((kind) => Object.keys(readObject(own, kind)).length > 0);
}

/** No amount is no choice here: without one the pod would lose its class. */
function planGuaranteed({ cpuLimit, cpuRequest, hasOwnCpuRequest, memoryLimit }: ResourceSettings): JsonObject {
  const orElse = (amount: string | undefined, fallback: string): string =>
    amount === undefined || isSameQuantity(amount, 0) ? fallback : amount;
  const both = {
    cpu: orElse(cpuLimit ?? (hasOwnCpuRequest ? cpuRequest : undefined), guaranteedCpu),
    memory: orElse(memoryLimit, keys.sidecarMemoryLimit.default),
  };
  return { limits: both, requests: both };
}

/**
 * Amounts that the API server takes beside those of the pod: no limit above the pod's, and requests that leave the sum of all containers
 * within the pod's; where there is no room, none: the pod's own request is what the node keeps free. Source: KEP-2837 and its validation.
 */
function fitIn({ limits, requests }: Amounts, pod: PodView): JsonObject {
  const own = readObject(pod.spec, "resources");
  const [mostLimits, mostRequests] = [readObject(own, "limits"), readObject(own, "requests")];
  const lowered = Object.entries(limits).map(([name, amount]) => [name, lower(amount, readMember(mostLimits, name))]);
  const hasRoom = (name: string, amount: string): boolean => {
    const bound = readQuantity(readMember(mostRequests, name)) ?? Number.POSITIVE_INFINITY;
    return sumRequests(pod, name) + (readQuantity(amount) ?? 0) <= bound * (1 + 1e-9);
  };
  const fitting = Object.entries(requests).map(([name, amount]) => {
    const asked = lower(amount, readMember(mostLimits, name));
    return [name, hasRoom(name, asked) ? asked : "0"];
  });
  return { limits: Object.fromEntries(lowered), requests: Object.fromEntries(fitting) };
}

/** The lesser of an amount and a bound. */
function lower(amount: string, bound: unknown): string {
  const most = typeof bound === "number" ? String(bound) : bound;
  return typeof most === "string" && isAbove(amount, most) ? most : amount;
}

/** At least what Kubernetes counts: native sidecars beside whichever is more, the containers or one plain init container. */
function sumRequests(pod: PodView, name: string): number {
  const sum = (containers: readonly ContainerView[]): number =>
    containers.reduce((total, { raw }) => total + readRequest(raw, name), 0);
  const plain = pod.initContainers.filter((container) => !isNativeSidecar(container));
  const most = Math.max(sum(pod.containers), ...plain.map(({ raw }) => readRequest(raw, name)));
  return most + sum(pod.initContainers.filter(isNativeSidecar));
}

function readRequest(container: JsonObject, name: string): number {
  const resources = readMember(container, "resources");
  const amount =
    readMember(readMember(resources, "requests"), name) ?? readMember(readMember(resources, "limits"), name);
  return readQuantity(amount) ?? 0;
}
