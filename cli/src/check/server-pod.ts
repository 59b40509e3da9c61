/** Reads a pod that carries the sidecar out of what the API server sends. Pure. */
import { readEnforced } from "@outrigger/api/enforced";
import { keys } from "@outrigger/api/keys";
import type { RawContainer } from "@outrigger/kube";
import {
  findOwner,
  parseObject,
  readInteger,
  readList,
  readText,
  sidecarName,
  type JsonObject,
} from "@outrigger/webhook/inject";
import type { RawServerPod } from "./cluster/resources.ts";
import type { InjectedPod, PodPlace, PodPort, Wiring } from "./facts.ts";
import { explainUnready } from "./unready.ts";

/** Name, namespace and maker of any pod. */
export function readPlace({ metadata = {} }: Pick<RawServerPod, "metadata">): PodPlace {
  const { name = "", namespace = "" } = metadata;
  const owner = findOwner({ ...metadata });
  return { namespace, name, ...(owner === undefined ? {} : { owner }) };
}

/** Everything that is judged of it. `nowMs`: Unix epoch ms. */
export function readServerPod(pod: RawServerPod, nowMs: number): InjectedPod {
  const { labels = {}, annotations = {} } = pod.metadata ?? {};
  const place = readPlace(pod);
  const status = parseObject(annotations[keys.status.key]) ?? {};
  const containers = listContainers(pod);
  return {
    ...place,
    server: labels[keys.server.key] ?? place.name,
    image: containers.find((container) => container.name === sidecarName)?.image ?? "none",
    version: readText(status, "version") ?? "unknown",
    enforced: readEnforced(annotations[keys.enforced.key]),
    denied: readDenied(annotations[keys.denyTools.key]),
    labels,
    unready: explainUnready(pod, nowMs),
    wiring: readWiring(status, annotations[keys.endpoint.key]),
    ports: containers.flatMap(readPorts),
    narrowing: readNarrowing(annotations),
  };
}

function listContainers({
  spec: { initContainers = [], containers = [] } = {},
}: RawServerPod): readonly RawContainer[] {
  return [...initContainers, ...containers];
}

/** What may hide every tool. */
function readNarrowing(annotations: Readonly<Record<string, string>>): readonly string[] {
  const given = [keys.allowTools.key, keys.denyTools.key].flatMap((key) =>
    annotations[key] === undefined ? [] : [`${key}=${JSON.stringify(annotations[key])}`],
  );
  return deniesByDefault(annotations[keys.policy.key]) ? [...given, "defaultAction Deny of its signed policy"] : given;
}

/** Names that stand for themselves; a glob names no tool that could be asked for. */
function readDenied(text = ""): readonly string[] {
  const words = text.split(",").map((word) => word.trim());
  return words.filter((word) => /^[A-Za-z0-9_.-]+$/.test(word));
}

/** The payload of the pod's bundle, whoever signed it: this is for a person who looks for a reason, and decides nothing. */
function deniesByDefault(bundle = ""): boolean {
  const payload = parseObject(Buffer.from(bundle.split(".")[1] ?? "", "base64url").toString("utf8"));
  return readList(payload, "layers").some((layer) => readText(layer, "defaultAction") === "Deny");
}

/** Our own annotations, but a pod's author may have changed them. */
function readWiring(status: JsonObject, endpoint = ""): Wiring | undefined {
  const mode = readText(status, "mode");
  const dataPort = Number(/^(\d{1,5})\//.exec(endpoint)?.[1]);
  if (mode === undefined || Number.isNaN(dataPort)) return undefined;
  return { mode, dataPort, appPort: readInteger(status, "port") };
}

function readPorts({ ports = [] }: RawContainer): readonly PodPort[] {
  return ports.flatMap(({ containerPort, name = "", protocol = "TCP" }) =>
    containerPort === undefined || protocol !== "TCP" ? [] : [{ number: containerPort, name }],
  );
}
