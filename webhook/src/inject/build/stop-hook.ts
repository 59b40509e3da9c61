/**
 * The hook that keeps the server's container running until its calls have ended: the kubelet runs preStop before it sends SIGTERM,
 * and the sidecar, which sees the calls, answers it. A hook of the author's that the kubelet can run itself is left alone. See
 * docs/adr/0015.
 */
import { sidecarName } from "@outrigger/api/containers";
import { readInteger, type JsonObject } from "../read/json.ts";
import type { ContainerView } from "../read/pod.ts";
import type { LedHandlers } from "./handlers.ts";
import { findSlots, nameProberPath, readSlot, setSlot, stopSlot } from "./slots.ts";

/** The grace period that the API server fills in, in seconds. */
const defaultGraceSeconds = 30;

/**
 * How long the hook may take, in whole seconds. The kubelet counts it against the pod's grace period, of which a third is left to the
 * server for its own end.
 */
export function limitStopHook(drainSeconds: number, spec: JsonObject): number {
  const graceSeconds = readInteger(spec, "terminationGracePeriodSeconds") ?? defaultGraceSeconds;
  return Math.max(0, Math.min(drainSeconds, Math.floor((graceSeconds * 2) / 3)));
}

/** Where the hook leads, and how long it may take; 0 plans none. */
export interface StopHookOptions {
  readonly adminPort: number;
  readonly limitSeconds: number;
}

/** Adds the hook to handlers that are planned, or the wait to a hook of the author's that is led through the sidecar already. */
export function addStopHook(led: LedHandlers, view: ContainerView, options: StopHookOptions): LedHandlers {
  const { adminPort, limitSeconds } = options;
  const path = nameProberPath(view.name, stopSlot);
  const own = led.probes.get(path);
  if (limitSeconds === 0) return led;
  if (own === undefined && readSlot(view.raw, stopSlot) !== undefined && !isOurs(view, adminPort)) return led;
  const stopHooks = new Map(led.stopHooks).set(path, limitSeconds);
  if (own !== undefined) return { ...led, stopHooks };
  const preStop = { httpGet: { path, port: adminPort, scheme: "HTTP" } };
  return { ...led, stopHooks, container: setSlot(led.container, stopSlot, preStop) };
}

/**
 * Adds the wait for the sidecar itself, where it is one of the pod's containers: they all are told to stop at once, and the sidecar must
 * not go before the calls that it carries.
 */
export function addOwnStopHook(led: LedHandlers, limitSeconds: number): LedHandlers {
  return limitSeconds === 0 ? led : { ...led, stopHooks: new Map(led.stopHooks).set(ownPath, limitSeconds) };
}

/** The hook of the sidecar's container; empty where none is planned. */
export function buildOwnStopHook({ stopHooks }: Pick<LedHandlers, "stopHooks">, adminPort: number): JsonObject {
  return stopHooks.has(ownPath) ? { preStop: { httpGet: { path: ownPath, port: adminPort, scheme: "HTTP" } } } : {};
}

const ownPath = nameProberPath(sidecarName, stopSlot);

/** A hook that leads to the sidecar in a pod that was never injected: copied from one that was. */
function isOurs(view: ContainerView, adminPort: number): boolean {
  const slot = findSlots(view.raw).find(({ field }) => field === stopSlot.field);
  return slot?.isOurs === true && readInteger(slot.handler, "port") === adminPort;
}
