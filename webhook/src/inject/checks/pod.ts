/** Whether the pod as a whole can carry a sidecar. */
import { reservedPrefix } from "../build/names.ts";
import type { InjectionConfig } from "../config.ts";
import { quote, type Problem, type Warning } from "../outcome.ts";
import { readList, readMember, readText } from "../read/json.ts";
import type { PodView } from "../read/pod.ts";
import type { Settings } from "../read/settings.ts";

/** Rows 8 and 9: pods that no sidecar can guard. */
export function checkHost(pod: PodView): Problem[] {
  const problems: Problem[] = [];
  const isWindows =
    readText(readMember(pod.spec, "os"), "name") === "windows" ||
    readText(readMember(pod.spec, "nodeSelector"), "kubernetes.io/os") === "windows";
  if (readMember(pod.spec, "hostNetwork") === true)
    problems.push({
      reason: "HostNetwork",
      text: "spec.hostNetwork is true: a pod on the host's network can't be guarded",
    });
  if (isWindows)
    problems.push({ reason: "WindowsPod", text: "the pod is for Windows nodes: the sidecar runs on Linux only" });
  return problems;
}

/** A pod that is to end, in an installation whose sidecars are plain containers: it would run for ever. */
export function checkKind({ spec }: PodView, { sidecarKind }: InjectionConfig): Problem[] {
  const policy = readText(spec, "restartPolicy") ?? "Always";
  if (sidecarKind === "native" || policy === "Always") return [];
  const text = `spec.restartPolicy is ${quote(policy)}: a pod that ends needs a native sidecar, and this installation has injection.sidecarKind=container`;
  return [{ reason: "NativeSidecarNeeded", text }];
}

/** Row 11: names that are ours alone. The pod is stripped, so what is left under them is not from us. */
export function checkNames(pod: PodView): Problem[] {
  const containers = [...pod.initContainers, ...pod.containers];
  const named = (kind: string, names: readonly (string | undefined)[]): [string, string][] =>
    names.flatMap((name) => (name?.startsWith(reservedPrefix) === true ? [[kind, name]] : []));
  const reserved = [
    ...named(
      "container",
      containers.map((container) => container.name),
    ),
    ...named(
      "volume",
      pod.volumes.map((volume) => volume.name),
    ),
    ...named(
      "port",
      containers.flatMap((container) => container.ports.map((port) => port.name)),
    ),
    ...named(
      "volume mount",
      containers.flatMap((container) =>
        readList(container.raw, "volumeMounts").map((mount) => readText(mount, "name")),
      ),
    ),
  ];
  return reserved.map(([kind, name]) => ({
    reason: "ReservedName",
    text: `${kind} ${quote(name)}: names that begin with ${reservedPrefix} are reserved`,
  }));
}

/** What a person should know about a pod that can be injected. */
export function warnOfPod(pod: PodView, { mode }: Settings): Warning[] {
  const warnings: Warning[] = [];
  if (mode === "loopback")
    warnings.push({ reason: "LoopbackHint", text: "port mode loopback: the server must listen on 127.0.0.1 or [::1]" });
  if (readMember(pod.spec, "shareProcessNamespace") === true)
    warnings.push({
      reason: "SharedProcessNamespace",
      text: "shareProcessNamespace is true: a container with the sidecar's user id could signal it",
    });
  return warnings;
}
