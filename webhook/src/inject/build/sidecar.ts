/**
 * The sidecar container: its whole definition, field by field, with every field that the API server would fill in written
 * out, so that a later round can tell it from one that was tampered with. The sidecar is configured by variables alone.
 */
import { sidecarName } from "@outrigger/api/containers";
import type { Checked } from "../checks/found.ts";
import type { InjectionConfig } from "../config.ts";
import type { JsonObject } from "../read/json.ts";
import { listVariables, type SidecarIdentity } from "./environment.ts";
import { planResources } from "./resources.ts";
import { buildSecurityContext } from "./security.ts";
import { buildOwnStopHook } from "./stop-hook.ts";
import { extendSidecar } from "./template.ts";
import { listSidecarMounts } from "./volumes.ts";
import { buildStartHook } from "./wait-started.ts";

/** Builds the container for a checked pod, as one that keeps running beside init containers or as one of the pod's own. */
export function buildSidecar(checked: Checked, identity: SidecarIdentity, config: InjectionConfig): JsonObject {
  const { admin } = config.ports;
  const isNative = config.sidecarKind === "native";
  const planned = {
    name: sidecarName,
    image: config.image,
    imagePullPolicy: config.imagePullPolicy,
    ...(isNative ? { restartPolicy: "Always" } : {}),
    env: listVariables(checked, identity, config),
    ports: listPorts(checked, config),
    resources: planResources(checked.settings.resources, checked.pod),
    // Gates the containers after it, so that the app never serves unguarded.
    lifecycle: { postStart: buildStartHook(admin), ...(isNative ? {} : buildOwnStopHook(checked.handlers, admin)) },
    readinessProbe: probe(admin, "/readyz", { periodSeconds: 5, failureThreshold: 3 }),
    livenessProbe: probe(admin, "/livez", { periodSeconds: 10, failureThreshold: 3 }),
    securityContext: buildSecurityContext(config),
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: listSidecarMounts(checked.settings.mode),
  };
  return extendSidecar(planned, config.sidecarTemplate);
}

function listPorts({ settings, port, wiring }: Checked, config: InjectionConfig): JsonObject[] {
  const { control, admin } = config.ports;
  const name = settings.mode === "named-port" ? port?.declared?.name : undefined;
  const data = { containerPort: wiring.dataPort, ...(name === undefined ? {} : { name }), protocol: "TCP" };
  const own = [control, admin].map((containerPort) => ({ containerPort, protocol: "TCP" }));
  // Where the app's number is shared, the app declares it: a second declaration would be a clash.
  return wiring.sharesPort ? own : [data, ...own];
}

function probe(port: number, path: string, timing: { periodSeconds: number; failureThreshold: number }): JsonObject {
  return { ...timing, httpGet: { path, port, scheme: "HTTP" }, successThreshold: 1, timeoutSeconds: 1 };
}
