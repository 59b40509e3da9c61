/**
 * Recognises a relay: a pod that is nothing but the sidecar program in front of a remote server.
 * Strict, because a pod that only looks like one would run without a guard: nothing may replace or extend the program.
 */
import type { InjectionConfig } from "../config.ts";
import { isObject, readList, readMember, readObject, readText, type JsonObject } from "./json.ts";

const replacesProgram = ["command", "args", "envFrom", "lifecycle", "workingDir", "volumeDevices"];
const settingsFolder = "/etc/outrigger/";

/** True where the pod's only container runs our image unaltered and takes only settings and files of settings. */
export function isRelayPod(pod: unknown, config: InjectionConfig): boolean {
  const spec = readObject(pod, "spec");
  const others = [readList(spec, "initContainers"), readList(spec, "ephemeralContainers")];
  const [raw, ...more] = readList(spec, "containers");
  if (!isObject(raw) || more.length > 0 || others.some((list) => list.length > 0)) return false;
  return (
    readText(raw, "image") === config.image &&
    replacesProgram.every((key) => readMember(raw, key) === undefined) &&
    readList(raw, "env").every((item) => /^(OUTRIGGER|POD)_[A-Z0-9_]+$/.test(readText(item, "name") ?? "")) &&
    readList(raw, "volumeMounts").every((item) => (readText(item, "mountPath") ?? "").startsWith(settingsFolder)) &&
    !hasExecProbe(raw) &&
    readMember(spec, "hostNetwork") !== true
  );
}

function hasExecProbe(container: JsonObject): boolean {
  return ["startupProbe", "readinessProbe", "livenessProbe"].some(
    (probe) => readMember(readMember(container, probe), "exec") !== undefined,
  );
}
