/**
 * Resources of our containers: small requests, a memory limit, no CPU limit; equal ones where every container has such; amounts that fit
 * where the pod itself says how much it has. Huge pages and devices are the server's alone.
 */
import { keys } from "@outrigger/api/keys";
import { isAbove, isSameQuantity, readQuantity } from "../read/quantity.ts";
import { readMember, type JsonObject } from "../read/json.ts";
import { findClassByContainers } from "../read/qos.ts";
import type { PodView } from "../read/pod.ts";
import { isRequested, readOwnResources, sumRequests, type WrittenAmounts } from "../read/pod-resources.ts";
import type { ResourceSettings } from "../read/settings.ts";

/** CPU of the sidecar in Guaranteed pods where nobody chose one: its start takes 1.4 s at this limit (measured). */
const guaranteedCpu = "100m";

/**
 * The resources field of a container of ours. `sidecar` are those of the sidecar, for a plain init container that runs beside it.
 * Source: Kubernetes quality of service classes.
 */
export function planResources(settings: ResourceSettings, { spec }: PodView, sidecar?: JsonObject): JsonObject {
  const own = readOwnResources(spec);
  const isGuaranteed = findClassByContainers(spec) === "Guaranteed";
  const guaranteed = planGuaranteed(settings);
  if (own === undefined && isGuaranteed) return { ...guaranteed };
  const amounts: Amounts = {
    limits: listAmounts({ cpu: settings.cpuLimit, memory: settings.memoryLimit }),
    requests: { cpu: settings.cpuRequest, memory: settings.memoryRequest },
  };
  if (own === undefined) return { ...amounts };
  const room = measureRoom(spec, own, sidecar);
  // A cluster may not read what the pod says as a whole: then its class follows from its containers.
  if (isGuaranteed && fits(guaranteed, own, room)) return { ...guaranteed };
  return fitIn(leaveOut(amounts, spec, own), own, room);
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

/** No amount is no choice here: without one the pod would lose its class. */
function planGuaranteed({ cpuLimit, cpuRequest, hasOwnCpuRequest, memoryLimit }: ResourceSettings): Amounts {
  const orElse = (amount: string | undefined, fallback: string): string =>
    amount === undefined || isSameQuantity(amount, 0) ? fallback : amount;
  const both = {
    cpu: orElse(cpuLimit ?? (hasOwnCpuRequest ? cpuRequest : undefined), guaranteedCpu),
    memory: orElse(memoryLimit, keys.sidecarMemoryLimit.default),
  };
  return { limits: both, requests: both };
}

/** Whether a request, of a container that starts before all others, leaves the sum of all containers within the pod's. */
type HasRoom = (name: string, amount: string) => boolean;

function measureRoom(spec: JsonObject, { limits, requests }: WrittenAmounts, sidecar: JsonObject | undefined): HasRoom {
  return (name, amount) => {
    const bound = readMember(requests, name) ?? readMember(limits, name);
    const [asked, beside] = [
      readQuantity(amount) ?? 0,
      readQuantity(readMember(readMember(sidecar, "requests"), name)),
    ];
    const others = sumRequests(spec, name);
    const sum = beside === undefined ? others + asked : Math.max(others, asked) + beside;
    return sum <= (readQuantity(bound) ?? Number.POSITIVE_INFINITY) * (1 + 1e-9);
  };
}

function fits({ limits, requests }: Amounts, own: WrittenAmounts, hasRoom: HasRoom): boolean {
  const isWithin = ([name, amount]: [string, string]): boolean =>
    lower(amount, readMember(own.limits, name)) === amount;
  return Object.entries(limits).every(isWithin) && Object.entries(requests).every((each) => hasRoom(...each));
}

/**
 * Amounts without those of a resource of which the pod says a limit and nobody a request. The API server makes the pod's limit its
 * request then, and it would not do so for one that a container of ours asks for.
 */
function leaveOut({ limits, requests }: Amounts, spec: JsonObject, own: WrittenAmounts): Amounts {
  const isKept = ([name]: [string, string]): boolean =>
    readMember(own.requests, name) !== undefined ||
    readMember(own.limits, name) === undefined ||
    isRequested(spec, name);
  const keep = (amounts: Amounts["limits"]): Amounts["limits"] =>
    Object.fromEntries(Object.entries(amounts).filter(isKept));
  return { limits: keep(limits), requests: keep(requests) };
}

/**
 * Amounts that the API server takes beside those of the pod: no limit above the pod's, and requests that leave the sum of all containers
 * within the pod's; where there is no room, none: the pod's own request is what the node keeps free. Source: KEP-2837 and its validation.
 */
function fitIn({ limits, requests }: Amounts, own: WrittenAmounts, hasRoom: HasRoom): JsonObject {
  const lowered = Object.entries(limits).map(([name, amount]) => [name, lower(amount, readMember(own.limits, name))]);
  const fitting = Object.entries(requests).map(([name, amount]) => {
    const asked = lower(amount, readMember(own.limits, name));
    return [name, hasRoom(name, asked) ? asked : "0"];
  });
  return { limits: Object.fromEntries(lowered), requests: Object.fromEntries(fitting) };
}

/** The lesser of an amount and a bound. */
function lower(amount: string, bound: unknown): string {
  const most = typeof bound === "number" ? String(bound) : bound;
  return typeof most === "string" && isAbove(amount, most) ? most : amount;
}
