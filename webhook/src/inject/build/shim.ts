/**
 * The stdio shim in a pod: the init container that copies it, and the app's container with its command behind it. One
 * connection to the shim's socket is one process of the server, so an image with a stdio server needs no change.
 */
import { shimPaths } from "@outrigger/api/shim";
import type { Checked } from "../checks/found.ts";
import type { InjectionConfig } from "../config.ts";
import { readList, readMember, type JsonObject } from "../read/json.ts";
import { hasCommand } from "../read/pod.ts";
import { readOwnResources } from "../read/pod-resources.ts";
import { isAbove } from "../read/quantity.ts";
import { shimInstallerName } from "./names.ts";
import { planResources } from "./resources.ts";
import { buildSecurityContext } from "./security.ts";
import { extendBounds } from "./template.ts";
import { wrapCommand } from "./shim-command.ts";
import { appMounts, installMount, noTokenMount } from "./volumes.ts";

/** It copies one file of some hundred KiB; the rest is what a container runtime itself needs. */
const installerResources = { cpuRequest: "10m", memoryRequest: "16Mi", memoryLimit: "32Mi", hasOwnCpuRequest: false };

/** Builds the init container that copies the shim into the pod. */
export function buildShimInstaller({ settings, pod }: Checked, config: InjectionConfig): JsonObject {
  const { cpuLimit } = settings.resources;
  // Beside the sidecar and before the server: a pod that has its own amount need not have room for both.
  const none = { cpuRequest: "0", memoryRequest: "0" };
  const { cpuRequest, memoryRequest } = readOwnResources(pod.spec) === undefined ? installerResources : none;
  // A quota may demand a CPU limit of every container, and a request must not lie above it.
  const cpu = { cpuLimit, cpuRequest: cpuLimit !== undefined && isAbove(cpuRequest, cpuLimit) ? cpuLimit : cpuRequest };
  const planned = {
    name: shimInstallerName,
    image: config.shimImage,
    imagePullPolicy: config.imagePullPolicy,
    command: [`/${shimPaths.binary}`, "--install", shimPaths.shimFolder],
    resources: planResources(
      { ...installerResources, ...cpu, memoryRequest },
      pod,
      planResources(settings.resources, pod),
    ),
    securityContext: buildSecurityContext(config),
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [noTokenMount, installMount],
  };
  return extendBounds(planned, config.sidecarTemplate);
}

/** A stdio server's container, led through the shim. Arguments stay where they are and follow the command. */
export function wrapContainer(container: JsonObject, { settings }: Checked): JsonObject {
  const own = hasCommand(container) ? readList(container, "command") : (settings.stdioCommand ?? []);
  const closed = ["stdin", "stdinOnce", "tty"].filter((key) => readMember(container, key) !== undefined);
  return {
    // A server that listens nowhere has no ports.
    ...Object.fromEntries(Object.entries(container).filter(([key]) => key !== "ports")),
    ...Object.fromEntries(closed.map((key) => [key, false])),
    command: wrapCommand(own, settings.maxSessions),
    volumeMounts: [...readList(container, "volumeMounts"), ...appMounts],
  };
}
