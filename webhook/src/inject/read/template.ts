/**
 * Reads what an installation adds to sidecars. It may add, and never change what the sidecar is: what would weaken the guard is refused
 * here, once, and not when a pod comes.
 */
import type { FileProblem } from "@outrigger/api/server-file";
import { reservedPrefix } from "../build/names.ts";
import type { InjectionConfig, SidecarTemplate } from "../config.ts";
import { readInteger, readMember, readText, type JsonObject } from "./json.ts";
import { readResources, readSecurity } from "./template/bounds.ts";
import { readTexts } from "./template/metadata.ts";
import { createReport, readItems, readMembers, type Place, type Report } from "./template/problems.ts";
import { readVariables } from "./template/variables.ts";
import { readMounts, readVolumes } from "./template/volumes.ts";

const guarded = "nothing: it is what makes the sidecar a guard";
const probed = "nothing: the sidecar's probes and hooks order the start and the end of the pod";

/** Members of a container that a template may not have, and what is right instead. */
const refused: Readonly<Record<string, string>> = {
  name: "no name: by it the sidecar is known",
  image: "no image: it is the setting image of the installation",
  imagePullPolicy: "no pull policy: it is the setting imagePullPolicy of the installation",
  command: guarded,
  args: guarded,
  workingDir: guarded,
  envFrom: "variables one by one in env: a list from elsewhere could hold settings of the sidecar",
  restartPolicy: "no restart policy: sidecarKind says as what the sidecar runs",
  lifecycle: probed,
  startupProbe: probed,
  readinessProbe: probed,
  livenessProbe: probed,
};

const members = ["env", "ports", "resources", "securityContext", "volumeMounts"];

/** Reads a template; all problems at once. `ports` are the sidecar's own. */
export function readTemplate(
  value: unknown,
  ports: InjectionConfig["ports"],
  problems: FileProblem[],
): SidecarTemplate {
  const path = ["sidecarTemplate"];
  const report = createReport(problems);
  const given = readMembers(value, { path, known: ["container", "volumes", "annotations", "labels"] }, report);
  const volumes = readVolumes(readMember(given, "volumes"), [...path, "volumes"], report);
  const names = volumes.map((volume) => readText(volume, "name") ?? "");
  return {
    container: readContainer(
      readMember(given, "container"),
      { path: [...path, "container"], ports, volumes: names },
      report,
    ),
    volumes,
    annotations: readTexts(readMember(given, "annotations"), "annotations", { path: [...path, "annotations"], report }),
    labels: readTexts(readMember(given, "labels"), "labels", { path: [...path, "labels"], report }),
  };
}

function readContainer(
  value: unknown,
  {
    path,
    ports,
    volumes,
  }: { readonly path: Place; readonly ports: InjectionConfig["ports"]; readonly volumes: readonly string[] },
  report: Report,
): JsonObject {
  const given = readMembers(value, { path, known: members, refused }, report);
  const at = (key: string): Place => [...path, key];
  const read: JsonObject = {
    env: readVariables(readMember(given, "env"), at("env"), report),
    ports: readPorts(readMember(given, "ports"), { path: at("ports"), taken: Object.values(ports) }, report),
    resources: readResources(readMember(given, "resources"), at("resources"), report),
    securityContext: readSecurity(readMember(given, "securityContext"), at("securityContext"), report),
    volumeMounts: readMounts(readMember(given, "volumeMounts"), { path: at("volumeMounts"), volumes }, report),
  };
  return Object.fromEntries(Object.entries(read).filter(([, member]) => Object.keys(member ?? {}).length > 0));
}

/** Ports that are only told of: the sidecar binds none of them. A name of a user's could draw the traffic of a Service. */
function readPorts(
  value: unknown,
  { path, taken }: { readonly path: Place; readonly taken: readonly number[] },
  report: Report,
): readonly JsonObject[] {
  return readItems(value, { path, key: "containerPort" }, report).map((port, index) => {
    const at = [...path, index];
    readMembers(port, { path: at, known: ["name", "containerPort", "protocol"] }, report);
    const number = readInteger(port, "containerPort") ?? 0;
    if (number < 1 || number > 65_535) report([...at, "containerPort"], "a port from 1 to 65535");
    if (taken.includes(number)) report([...at, "containerPort"], "a port that the sidecar does not use itself");
    if (!isPortName(readMember(port, "name")))
      report([...at, "name"], `a name such as ${reservedPrefix}web, of at most 15 characters`);
    if (!["TCP", "UDP", "SCTP", undefined].includes(readText(port, "protocol")))
      report([...at, "protocol"], "TCP, UDP or SCTP");
    return { protocol: "TCP", ...port };
  });
}

/** True for a name that no container of a user's can have. */
function isPortName(name: unknown): boolean {
  if (name === undefined) return true;
  return typeof name === "string" && name.startsWith(reservedPrefix) && /^[a-z0-9-]{1,14}[a-z0-9]$/.test(name);
}
