/**
 * Probes of a stdio server: none can reach it over the network, so the sidecar answers them, which knows whether a session could be
 * opened. Whether it is ready is always asked; the author's other probes and their timing stay. Hooks can't be answered for it.
 */
import type { StdioProbe } from "@outrigger/api/app-probe";
import { quote } from "../outcome.ts";
import type { JsonObject } from "../read/json.ts";
import type { ContainerView } from "../read/pod.ts";
import { spellOut, type LedHandlers } from "./handlers.ts";
import { findSlots, nameProberPath, readSlot, readinessSlot, replaceHandler, type Slot } from "./slots.ts";

/** How often is asked. One second more than the sidecar has, so that its answer says what is wrong. */
const timing = { failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 5 };
const ownProbe: StdioProbe = { kind: "stdio", timeoutSeconds: timing.timeoutSeconds - 1 };

/** The container with its probes led to the sidecar and a readiness probe, its own or ours; a problem for each hook that uses the network. */
export function probeSession(view: ContainerView, adminPort: number): LedHandlers {
  const slots = findSlots(view.raw);
  const problems = slots
    .filter(({ parent }) => parent === "lifecycle")
    .map(({ field, kind }) => ({
      reason: "StdioNetworkProbe" as const,
      text: `${field} of container ${quote(view.name)} uses ${kind}: a stdio server listens nowhere, so use exec or leave it out`,
    }));
  const led = slots.filter(({ parent }) => parent === undefined);
  const probes = new Map(led.map((slot) => [slot.proberPath, toStdioProbe(slot, view)]));
  const toSidecar = (path: string): JsonObject => ({ path, port: adminPort, scheme: "HTTP" });
  const container = led.reduce(
    (result, slot) => replaceHandler(result, slot, { kind: "httpGet", value: toSidecar(slot.proberPath) }),
    view.raw,
  );
  const rest = { stopHooks: new Map<string, number>(), problems };
  if (readSlot(view.raw, readinessSlot) !== undefined) return { container, probes, ...rest };
  const path = nameProberPath(view.name, readinessSlot);
  return {
    container: { ...container, readinessProbe: { ...timing, httpGet: toSidecar(path) } },
    probes: probes.set(path, ownProbe),
    ...rest,
  };
}

/** A server that has to be up before it can be ready is asked the same for both; one that starts is alive. */
function toStdioProbe(slot: Slot, view: ContainerView): StdioProbe {
  // Spelled out as beside other transports, so that a pod whose transport changes comes out the same.
  const { kind, value } = spellOut(slot, view);
  return { kind: "stdio", asks: slot.field === "livenessProbe" ? "Alive" : "Serving", was: { [kind]: value } };
}
