/**
 * What a pod says of its resources as a whole, and what its containers come to beside it, as Kubernetes counts them. Source: KEP-2837,
 * its validation and its defaults.
 */
import { readList, readMember, readObject, readText, type JsonObject } from "./json.ts";
import { readQuantity } from "./quantity.ts";

/** Amounts by name, as somebody wrote them. */
export interface WrittenAmounts {
  readonly limits: JsonObject;
  readonly requests: JsonObject;
}

/** What the pod says as a whole; undefined where that is nothing. */
export function readOwnResources(spec: JsonObject): WrittenAmounts | undefined {
  const own = readObject(spec, "resources");
  const amounts = { limits: readObject(own, "limits"), requests: readObject(own, "requests") };
  return Object.values(amounts).some((kind) => Object.keys(kind).length > 0) ? amounts : undefined;
}

/**
 * The request of a resource that the pod has as a whole once it is stored. Where a pod with limits says none, it is the sum of its
 * containers', and where no container says one either it is the limit. Undefined: there is none.
 */
export function findOwnRequest(spec: JsonObject, name: string): unknown {
  const own = readOwnResources(spec);
  const said = readMember(own?.requests, name);
  if (said !== undefined || own === undefined || Object.keys(own.limits).length === 0) return said;
  return isRequested(spec, name) ? sumRequests(spec, name) : readMember(own.limits, name);
}

/** True where a container says how much of a resource it needs, be it nothing. */
export function isRequested(spec: JsonObject, name: string): boolean {
  return ["containers", "initContainers"].some((list) =>
    readList(spec, list).some((container) => findRequest(container, name) !== undefined),
  );
}

/** What all containers request together at the moment when that is most: init containers one by one, each beside native sidecars before it. */
export function sumRequests(spec: JsonObject, name: string): number {
  const amountOf = (container: unknown): number => readQuantity(findRequest(container, name)) ?? 0;
  const started = readList(spec, "initContainers").reduce<{ readonly most: number; readonly natives: number }>(
    ({ most, natives }, container) => {
      const amount = amountOf(container);
      const stays = readText(container, "restartPolicy") === "Always";
      return { most: Math.max(most, natives + amount), natives: natives + (stays ? amount : 0) };
    },
    { most: 0, natives: 0 },
  );
  const containers = readList(spec, "containers").reduce<number>((total, each) => total + amountOf(each), 0);
  return Math.max(started.most, started.natives + containers);
}

/** A limit without a request is both. */
function findRequest(container: unknown, name: string): unknown {
  const resources = readMember(container, "resources");
  return readMember(readMember(resources, "requests"), name) ?? readMember(readMember(resources, "limits"), name);
}
