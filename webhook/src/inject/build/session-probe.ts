/**
 * Probes of a stdio server: none can reach it over the network, and the one that says whether it is ready is asked of the
 * sidecar, which knows whether a session could be opened.
 */
import type { StdioProbe } from "@outrigger/api/app-probe";
import { quote } from "../outcome.ts";
import type { JsonObject } from "../read/json.ts";
import type { ContainerView } from "../read/pod.ts";
import type { LedHandlers } from "./handlers.ts";
import { findSlots, nameProberPath, readSlot, readinessSlot } from "./slots.ts";

/** How often is asked. One second more than the sidecar has, so that its answer says what is wrong. */
const timing = { failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 5 };
const probe: StdioProbe = { kind: "stdio", timeoutSeconds: timing.timeoutSeconds - 1 };

/** The container with a readiness probe, its own or ours, and a problem for each handler that uses the network. */
export function probeSession(view: ContainerView, adminPort: number): LedHandlers {
  const problems = findSlots(view.raw).map(({ field, kind }) => ({
    reason: "StdioNetworkProbe" as const,
    text: `${field} of container ${quote(view.name)} uses ${kind}: a stdio server listens nowhere, so use exec or leave it out`,
  }));
  if (readSlot(view.raw, readinessSlot) !== undefined)
    return { container: view.raw, probes: new Map(), stopHooks: new Map(), problems };
  const path = nameProberPath(view.name, readinessSlot);
  const readinessProbe: JsonObject = { ...timing, httpGet: { path, port: adminPort, scheme: "HTTP" } };
  return {
    container: { ...view.raw, readinessProbe },
    probes: new Map([[path, probe]]),
    stopHooks: new Map(),
    problems,
  };
}
