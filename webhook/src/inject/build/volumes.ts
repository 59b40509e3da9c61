/** The volumes that injection adds, and where our containers and a stdio server mount them. */
import { liveKeys, podInfo, quickFileOf, quickKeys } from "@outrigger/api/bundle";
import { keys } from "@outrigger/api/keys";
import { shimPaths } from "@outrigger/api/shim";
import type { JsonObject } from "../read/json.ts";
import type { Mode } from "../read/mode.ts";
import { configVolume, noTokenVolume, runVolume, shimVolume } from "./names.ts";

/** Where the kubelet would mount an API token. */
export const tokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Names of the volumes that injection adds. */
export const ourVolumes: readonly string[] = [noTokenVolume, configVolume, shimVolume, runVolume];

/** An empty folder over the API token's place: with a mount there, no token is put into the container. */
export const noTokenMount: JsonObject = { mountPath: tokenFolder, name: noTokenVolume, readOnly: true };

/** The shim as its installer sees it. */
export const installMount: JsonObject = { mountPath: shimPaths.shimFolder, name: shimVolume };

const runMount: JsonObject = { mountPath: shimPaths.runFolder, name: runVolume };

/** Mounts of the sidecar. */
export function listSidecarMounts(mode: Mode): JsonObject[] {
  const config = { mountPath: podInfo.folder, name: configVolume, readOnly: true };
  return [noTokenMount, config, ...(mode === "stdio" ? [runMount] : [])];
}

/** Mounts that a stdio server's container is given. */
export const appMounts: readonly JsonObject[] = [{ ...installMount, readOnly: true }, runMount];

/** The volumes of a pod. Empty ones are in memory, so that the cluster autoscaler may still move the pod. */
export function listVolumes(mode: Mode): JsonObject[] {
  const inMemory = (name: string, sizeLimit: string): JsonObject => ({
    name,
    emptyDir: { medium: "Memory", sizeLimit },
  });
  const stdio = [inMemory(shimVolume, "16Mi"), inMemory(runVolume, "1Mi")];
  return [inMemory(noTokenVolume, "1Mi"), buildConfigVolume(), ...(mode === "stdio" ? stdio : [])];
}

/** One file per annotation that policy or live settings come from; the kubelet refreshes them while the pod runs. */
function buildConfigVolume(): JsonObject {
  const files = [
    [podInfo.bundleFile, keys.policy.key],
    ...[...quickKeys, ...liveKeys].map((name) => [quickFileOf(name), keys[name].key] as const),
  ] as const;
  const items = files.map(([path, key]) => ({
    fieldRef: { apiVersion: "v1", fieldPath: `metadata.annotations['${key}']` },
    path,
  }));
  return { name: configVolume, downwardAPI: { defaultMode: 0o644, items } };
}
