/**
 * The app's probes and hooks after injection: led through the sidecar where the app's port is no longer reachable for the
 * kubelet, with port names turned to numbers where a name moves. exec handlers and timing fields are never touched.
 */
import { quote, type Problem } from "../outcome.ts";
import { readInteger, readMember, readText, type JsonObject } from "../read/json.ts";
import type { ContainerView } from "../read/pod.ts";
import type { AppProbe, AppProbeEntry } from "@outrigger/api/app-probe";
import { readHeaders } from "./app-probes.ts";
import { findSlots, replaceHandler, restoreHandler, type NewHandler, type Slot } from "./slots.ts";

/** A container with its handlers as they are to be, and what the sidecar must know to stand in for the app. */
export interface LedHandlers {
  readonly container: JsonObject;
  readonly probes: ReadonlyMap<string, AppProbeEntry>;
  /** Seconds that the hook before a stop may take, by its path on the sidecar. */
  readonly stopHooks: ReadonlyMap<string, number>;
  readonly problems: readonly Problem[];
}

/** Where handlers are led: the kubelet to the admin port, and the sidecar on to the port that the server listens on by now. */
export interface LeadOptions {
  readonly adminPort: number;
  /** The server's port as its author knows it, and as it is after injection: another where a variable moves it. */
  readonly serverPort: number | undefined;
  readonly upstreamPort: number | undefined;
}

/** Leads every network handler of a container through the sidecar's admin port. */
export function leadThroughSidecar(view: ContainerView, options: LeadOptions): LedHandlers {
  const { adminPort } = options;
  const probes = new Map<string, AppProbe>();
  const problems: Problem[] = [];
  let container = view.raw;
  for (const slot of findSlots(view.raw)) {
    if (!isToBeLed(slot, adminPort)) continue;
    const place = `${slot.field} of container ${quote(view.name)}`;
    const port = resolvePort(readMember(slot.handler, "port"), view);
    if ((readText(slot.handler, "host") ?? "") !== "")
      problems.push({
        reason: "ProbeHost",
        text: `${place} sets host: leave it out, so that the probe can be led through the sidecar`,
      });
    else if (port === undefined)
      problems.push({
        reason: "PortNotFound",
        text: `${place} names port ${quote(readMember(slot.handler, "port"))}, which the container does not declare`,
      });
    else {
      probes.set(slot.proberPath, followServer(toAppProbe(slot, port), options));
      container = replaceHandler(container, slot, toProberHandler(slot, adminPort));
    }
  }
  return { container, probes, stopHooks: new Map(), problems };
}

/** Turns a port name into its number in every network handler of a container. */
export function numberPorts(view: ContainerView, port: { readonly name: string; readonly number: number }): JsonObject {
  return findSlots(view.raw)
    .filter((slot) => readMember(slot.handler, "port") === port.name)
    .reduce(
      (container, slot) =>
        replaceHandler(container, slot, { kind: slot.kind, value: { ...slot.handler, port: port.number } }),
      view.raw,
    );
}

/**
 * A handler in the members that Kubernetes knows, its port as a number where the container declares it, else by its name: beside
 * stdio it need not exist, and a number that is none is not written back.
 */
export function spellOut(slot: Slot, view: ContainerView): NewHandler {
  const port = readMember(slot.handler, "port");
  const number = resolvePort(port, view);
  const { kind, value } = restoreHandler(toAppProbe(slot, number ?? 1));
  return { kind, value: number === undefined && typeof port === "string" ? { ...value, port } : value };
}

/** The server's own port may have moved; what else a handler asks is another program, or another port of the server's, and stays. */
function followServer(probe: AppProbe, { serverPort, upstreamPort }: LeadOptions): AppProbe {
  const hasMoved = upstreamPort !== undefined && upstreamPort !== serverPort && probe.port === serverPort;
  return hasMoved ? { ...probe, port: upstreamPort, wasPort: probe.port } : probe;
}

function isToBeLed(slot: Slot, adminPort: number): boolean {
  const isHookWithoutHttp = slot.parent === "lifecycle" && slot.kind !== "httpGet";
  // What points at the sidecar already is never wrapped again.
  return !isHookWithoutHttp && readInteger(slot.handler, "port") !== adminPort;
}

/** The number of a handler's port, where the container declares it by that name or it is one; else undefined. */
export function resolvePort(value: unknown, view: ContainerView): number | undefined {
  const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;
  if (typeof value === "number") return isPort(value) ? value : undefined;
  const named = view.ports.find((port) => port.name !== undefined && port.name === value);
  if (named !== undefined) return named.number;
  // The kubelet, too, reads a text of digits as a number when no port has that name.
  return typeof value === "string" && /^[0-9]{1,5}$/.test(value) && isPort(Number(value)) ? Number(value) : undefined;
}

const timeoutOf = (slot: Slot): number => Math.max(1, readInteger(slot.raw, "timeoutSeconds") ?? 1);

function toAppProbe(slot: Slot, port: number): AppProbe {
  const { handler } = slot;
  const timeout = slot.parent === "lifecycle" ? {} : { timeoutSeconds: timeoutOf(slot) };
  if (slot.kind === "tcpSocket") return { kind: "tcp", port, ...timeout };
  if (slot.kind === "grpc") return { kind: "grpc", port, service: readText(handler, "service") ?? "", ...timeout };
  const headers = readHeaders(handler, "httpHeaders");
  return {
    kind: "http",
    port,
    path: readText(handler, "path") ?? "/",
    scheme: readText(handler, "scheme") === "HTTPS" ? "HTTPS" : "HTTP",
    ...(headers.length === 0 ? {} : { headers }),
    ...timeout,
  };
}

function toProberHandler(slot: Slot, adminPort: number): NewHandler {
  const value = { path: slot.proberPath, port: adminPort, scheme: "HTTP" };
  // One second more than the app has, so that the sidecar's answer says what went wrong.
  return slot.parent === "lifecycle"
    ? { kind: "httpGet", value }
    : { kind: "httpGet", value, timeoutSeconds: timeoutOf(slot) + 1 };
}
