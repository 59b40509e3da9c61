/** The places of a container where the kubelet asks the app something over the network: three probes and two hooks. */
import { isObject, readMember, readObject, readText, type JsonObject } from "../read/json.ts";
import type { AppProbe } from "@outrigger/api/app-probe";

/** The handler kinds that use the network, in the order in which they are looked for. */
export const handlerKinds = ["httpGet", "tcpSocket", "grpc"] as const;
type HandlerKind = (typeof handlerKinds)[number];

/** One place. `field` names it inside the container or, for hooks, inside `lifecycle`. */
export interface SlotName {
  readonly parent: "lifecycle" | undefined;
  readonly field: string;
}

/** A place that holds a network handler. */
export interface Slot extends SlotName {
  /** The path on the sidecar's admin port that stands for this handler. */
  readonly proberPath: string;
  readonly raw: JsonObject;
  readonly kind: HandlerKind;
  readonly handler: JsonObject;
  /** True where the handler points at the sidecar already. */
  readonly isOurs: boolean;
}

/** A handler with its timeout, as it is to stand in a slot. */
export interface NewHandler {
  readonly kind: HandlerKind;
  readonly value: JsonObject;
  readonly timeoutSeconds?: number;
}

/** The place that says whether an app takes traffic. */
export const readinessSlot: SlotName = { parent: undefined, field: "readinessProbe" };

/** The place that is asked before a container is told to stop. */
export const stopSlot: SlotName = { parent: "lifecycle", field: "preStop" };

/** All places, whether a container uses them or not, with their last path segment. */
export const slotNames: readonly (SlotName & { readonly segment: string })[] = [
  { parent: undefined, field: "startupProbe", segment: "startupz" },
  { parent: undefined, field: "readinessProbe", segment: "readyz" },
  { parent: undefined, field: "livenessProbe", segment: "livez" },
  { parent: "lifecycle", field: "postStart", segment: "poststart" },
  { parent: "lifecycle", field: "preStop", segment: "prestop" },
];

/** The path on the sidecar's admin port that stands for a place of a container. */
export function nameProberPath(containerName: string, { parent, field }: SlotName): string {
  const segment = slotNames.find((slot) => slot.field === field)?.segment ?? field;
  return `/${parent === undefined ? "app-health" : "app-lifecycle"}/${containerName}/${segment}`;
}

/** The raw probe or hook at a place; undefined where there is none. */
export function readSlot(container: JsonObject, { parent, field }: SlotName): JsonObject | undefined {
  const value = readMember(parent === undefined ? container : readObject(container, parent), field);
  return isObject(value) ? value : undefined;
}

/** The places of a container that hold a network handler. */
export function findSlots(container: JsonObject): Slot[] {
  const name = readText(container, "name") ?? "";
  return slotNames.flatMap(({ parent, field }) => {
    const raw = readSlot(container, { parent, field });
    const kind = handlerKinds.find((each) => isObject(readMember(raw, each)));
    if (raw === undefined || kind === undefined) return [];
    const handler = readObject(raw, kind);
    const proberPath = nameProberPath(name, { parent, field });
    const isOurs = kind === "httpGet" && readText(handler, "path") === proberPath;
    return [{ parent, field, proberPath, raw, kind, handler, isOurs }];
  });
}

/** A copy of the container with another handler at a place. Everything else at that place stays. */
export function replaceHandler(container: JsonObject, slot: Slot, handler: NewHandler): JsonObject {
  const others = Object.entries(slot.raw).filter(([key]) => !handlerKinds.some((kind) => kind === key));
  const timeout = handler.timeoutSeconds === undefined ? {} : { timeoutSeconds: handler.timeoutSeconds };
  const replaced = { ...Object.fromEntries(others), [handler.kind]: handler.value, ...timeout };
  return setSlot(container, slot, replaced);
}

/** A copy of the container with this probe or hook at a place, whatever stood there. */
export function setSlot(container: JsonObject, { parent, field }: SlotName, value: JsonObject): JsonObject {
  if (parent === undefined) return { ...container, [field]: value };
  return { ...container, [parent]: { ...readObject(container, parent), [field]: value } };
}

/** A copy of the container with nothing at a place; hooks that are the last go with their object. */
export function removeSlot(container: JsonObject, { parent, field }: SlotName): JsonObject {
  const without = (object: JsonObject, name: string): JsonObject =>
    Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
  if (parent === undefined) return without(container, field);
  const rest = without(readObject(container, parent), field);
  return Object.keys(rest).length === 0 ? without(container, parent) : { ...container, [parent]: rest };
}

/** The handler that an app's probe was before it was led through the sidecar. */
export function restoreHandler(probe: AppProbe): NewHandler {
  const { port } = probe;
  const timeout = probe.timeoutSeconds === undefined ? {} : { timeoutSeconds: probe.timeoutSeconds };
  if (probe.kind === "tcp") return { kind: "tcpSocket", value: { port }, ...timeout };
  if (probe.kind === "grpc") return { kind: "grpc", value: { port, service: probe.service ?? "" }, ...timeout };
  const headers = probe.headers ?? [];
  const value = {
    path: probe.path ?? "/",
    port,
    scheme: probe.scheme ?? "HTTP",
    ...(headers.length === 0 ? {} : { httpHeaders: headers }),
  };
  return { kind: "httpGet", value, ...timeout };
}
