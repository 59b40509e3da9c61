/**
 * Says whether what stands in a pod is still exactly ours. Tolerated is what the API server and known injectors add between
 * two rounds; everything else counts as tampering. Recursion follows our own value, so a user's depth does not matter.
 */
import { findSlots, replaceHandler, type Slot } from "../build/slots.ts";
import type { InjectionConfig } from "../config.ts";
import { isObject, readInteger, readList, readMember, readText, type JsonObject } from "../read/json.ts";
import { isSameQuantity } from "../read/quantity.ts";
import { omit } from "../undo/undo.ts";

/** True where both are the same JSON value. */
export function isSame(actual: unknown, wanted: unknown): boolean {
  if (actual === wanted) return true;
  if (Array.isArray(wanted))
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, index) => isSame(actual[index], item))
    );
  if (!isObject(wanted) || !isObject(actual)) return false;
  const keys = Object.keys(wanted);
  return (
    keys.length === Object.keys(actual).length && keys.every((key) => isSame(readMember(actual, key), wanted[key]))
  );
}

type Comparison = (actual: unknown, wanted: unknown, config: InjectionConfig) => boolean;

/** Fields of a container that are compared in their own way; all others must be the same. */
const comparisons: Readonly<Record<string, Comparison>> = {
  // An admission plugin of Kubernetes may set the stricter Always.
  imagePullPolicy: (actual, wanted) => actual === "Always" || actual === wanted,
  env: (actual, wanted, config) =>
    isSameList(actual, wanted, (item) => config.foreign.env.includes(readText(item, "name") ?? "")),
  volumeMounts: (actual, wanted, config) =>
    isSameList(actual, wanted, (item) => config.foreign.mountPaths.includes(readText(item, "mountPath") ?? "")),
  resources: hasResources,
  securityContext: hasSecurity,
};

/** Fields that the API server fills in by itself and that change nothing for us. */
const defaultedFields = ["resizePolicy"];

/** True where a container of the pod is the wanted one. */
export function isSameContainer(actual: unknown, planned: JsonObject, config: InjectionConfig): boolean {
  if (!isObject(actual)) return false;
  const wanted = leaveToAgents(actual, planned, config);
  // Known injectors add variables also where we set none.
  const compared = new Set([...Object.keys(wanted), "env"]);
  const hasOurs = [...compared].every((key) => {
    const compare = Object.hasOwn(comparisons, key) ? comparisons[key] : undefined;
    return (compare ?? isSame)(readMember(actual, key), wanted[key], config);
  });
  const extra = Object.keys(actual).filter((key) => !compared.has(key) && !defaultedFields.includes(key));
  return hasOurs && extra.every((key) => isEmpty(actual[key]));
}

/**
 * The wanted container, with the probes and hooks that an agent of a mesh asks in the kubelet's place left to it: it asks the sidecar in
 * turn, and it would not take them over again.
 */
export function leaveToAgents(found: unknown, wanted: JsonObject, { foreign }: InjectionConfig): JsonObject {
  return findSlots(isObject(found) ? found : {})
    .filter((slot) => isLedByAgent(slot, foreign.probePorts))
    .reduce((left, { parent, field, kind, handler }) => {
      const own = findSlots(left).find((slot) => slot.parent === parent && slot.field === field);
      return own === undefined ? left : replaceHandler(left, own, { kind, value: handler });
    }, wanted);
}

/** The path is Istio's for a container, and ours. A host, or headers, would make it another question. */
function isLedByAgent({ isOurs, handler }: Slot, probePorts: readonly number[]): boolean {
  const others = omit(handler, "path", "port", "scheme");
  const isAgents = probePorts.includes(readInteger(handler, "port") ?? 0);
  const isPlain = (readText(handler, "scheme") ?? "HTTP") === "HTTP";
  return isOurs && isAgents && isPlain && Object.values(others).every(isEmpty);
}

/** True where a volume of the pod is the wanted one; sizes are compared by amount. */
export function isSameVolume(actual: unknown, wanted: JsonObject): boolean {
  const mine = readMember(wanted, "emptyDir");
  const theirs = readMember(actual, "emptyDir");
  if (!isObject(actual) || !isObject(mine) || !isObject(theirs)) return isSame(actual, wanted);
  const isSameSize = isSameQuantity(readMember(theirs, "sizeLimit"), readMember(mine, "sizeLimit"));
  const medium = readText(theirs, "medium") === readText(mine, "medium");
  return isSameSize && medium && Object.keys(actual).every((key) => key === "name" || key === "emptyDir");
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === null || value === false || value === "";
}

/** Ours in our order; others' items may stand anywhere between. */
function isSameList(actual: unknown, wanted: unknown, isTolerated: (item: unknown) => boolean): boolean {
  return isSame(
    readList({ actual }, "actual").filter((item) => !isTolerated(item)),
    readList({ wanted }, "wanted"),
  );
}

/** Every amount that we set is unchanged; a LimitRange may have added amounts that we did not set. */
function hasResources(actual: unknown, wanted: unknown): boolean {
  const known = ["limits", "requests", "claims"];
  const hasOurs = ["limits", "requests"].every((kind) =>
    Object.entries(readMember(wanted, kind) ?? {}).every(([name, amount]) =>
      isSameQuantity(readMember(readMember(actual, kind), name), amount),
    ),
  );
  const extra = isObject(actual) ? Object.keys(actual).filter((key) => !known.includes(key)) : [];
  return hasOurs && isEmpty(readMember(actual, "claims") ?? null) && extra.length === 0;
}

/** What security context constraints of OpenShift fill in, besides the default of Kubernetes itself. */
function hasSecurity(actual: unknown, wanted: unknown, config: InjectionConfig): boolean {
  if (!isObject(actual) || !isObject(wanted)) return false;
  const isTolerated = (key: string): boolean =>
    (key === "procMount" && actual[key] === "Default") ||
    (config.platform === "openshift" && (key === "seLinuxOptions" || (key === "runAsUser" && actual[key] !== 0)));
  const rest = Object.entries(actual).filter(([key]) => Object.hasOwn(wanted, key) || !isTolerated(key));
  return isSame(Object.fromEntries(rest), wanted);
}
