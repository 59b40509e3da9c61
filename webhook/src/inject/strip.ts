/**
 * Second stage: the pod as its author meant it, with everything taken out that an earlier injection put in.
 * What is restored came out of the pod itself, so it is user input and is checked like it. Writes nothing: the result is
 * only looked at. Stage before: decide.ts; next: check.ts.
 */
import { keyList, keys } from "@outrigger/api/keys";
import { appProbesVariable, stopHooksVariable } from "@outrigger/api/app-probe";
import { sidecarName } from "@outrigger/api/containers";
import { sidecarPorts } from "@outrigger/api/ports";
import { decodeAppHandlers, decodeStopHooks } from "./build/app-probes.ts";
import { reservedPrefix, shimInstallerName } from "./build/names.ts";
import { ourVolumes } from "./build/volumes.ts";
import type { Previous } from "./undo/previous.ts";
import {
  isObject,
  parseObject,
  readInteger,
  readList,
  readMember,
  readObject,
  readText,
  type JsonObject,
} from "./read/json.ts";
import { restoreContainer } from "./undo/restore.ts";
import { decodeUndo, giveBack, type Undo } from "./undo/undo.ts";

/** The pod without us, and what was found of us. `previous` is undefined where the pod was never injected. */
export interface Stripped {
  readonly pod: JsonObject;
  readonly previous: Previous | undefined;
}

/**
 * Takes an earlier injection out. Ours are only containers and volumes by our names, and only beside our status annotation:
 * without it a reserved name is a user's and is refused later.
 */
export function strip(pod: JsonObject): Stripped {
  const previous = findPrevious(readObject(pod, "metadata"), readObject(pod, "spec"));
  if (previous === undefined) return { pod, previous };
  const { undo } = previous;
  const spec = stripSpec(readObject(pod, "spec"), previous);
  const bare = { ...pod, metadata: stripMetadata(readObject(pod, "metadata"), undo), spec };
  return { pod: giveBack(bare, "metadata", { undo, place: "/metadata" }), previous };
}

function stripSpec(spec: JsonObject, previous: Previous): JsonObject {
  const { containers, volumes, undo } = previous;
  const without = (key: string, names: ReadonlySet<string>): JsonObject => {
    const items = readMember(spec, key);
    return Array.isArray(items) ? { [key]: items.filter((item) => !names.has(readText(item, "name") ?? "")) } : {};
  };
  const stripped: JsonObject = {
    ...spec,
    ...without("initContainers", containers),
    ...without("volumes", volumes),
    ...without("imagePullSecrets", new Set(undo.pullSecrets)),
    containers: readList(spec, "containers")
      .filter((item) => !containers.has(readText(item, "name") ?? ""))
      .map((item) => (isObject(item) ? restoreContainer(item, previous) : item)),
  };
  return ["initContainers", "volumes", "imagePullSecrets"].reduce(
    (restored, key) => giveBack(restored, key, { undo, place: `/spec/${key}` }),
    stripped,
  );
}

/** Without the keys that are ours alone, and without what was added, unless somebody changed it since. */
function stripMetadata(metadata: JsonObject, undo: Undo): JsonObject {
  const without = (kind: "labels" | "annotations"): JsonObject => {
    if (!isObject(readMember(metadata, kind))) return {};
    const isOurs = ([key, value]: [string, unknown]): boolean => ownKeys.has(key) || undo[kind].get(key) === value;
    return { [kind]: Object.fromEntries(Object.entries(readObject(metadata, kind)).filter((entry) => !isOurs(entry))) };
  };
  return ["labels", "annotations"].reduce(
    (restored, key) => giveBack(restored, key, { undo, place: `/metadata/${key}` }),
    { ...metadata, ...without("labels"), ...without("annotations") },
  );
}

const ownKeys = new Set(keyList.filter(({ setBy }) => setBy === "outrigger").map(({ key }) => key));

function findPrevious(metadata: JsonObject, spec: JsonObject): Previous | undefined {
  const statusText = readText(readObject(metadata, "annotations"), keys.status.key);
  const sidecar = [...readList(spec, "initContainers"), ...readList(spec, "containers")].find(
    (item) => readText(item, "name") === sidecarName,
  );
  if (statusText === undefined || sidecar === undefined) return undefined;
  const status = parseObject(statusText) ?? {};
  return {
    containers: new Set([sidecarName, shimInstallerName, ...readReservedNames(status, "containers")]),
    volumes: new Set([...ourVolumes, ...readReservedNames(status, "volumes")]),
    container: readText(status, "container"),
    port: readInteger(status, "port"),
    handlers: decodeAppHandlers(findVariable(sidecar, appProbesVariable)),
    stopHooks: decodeStopHooks(findVariable(sidecar, stopHooksVariable)),
    adminPort: Number(/:([0-9]{1,5})$/.exec(findVariable(sidecar, "OUTRIGGER_ADMIN") ?? "")?.[1] ?? sidecarPorts.admin),
    portName: readList(sidecar, "ports")
      .map((port) => readText(port, "name"))
      .find((name) => name !== undefined && isMovable(name)),
    hasOwnCommand: readText(status, "command") !== "annotation",
    undo: decodeUndo(status),
  };
}

/** A port name of a user's: our own begin with the prefix. */
const isMovable = (name: string): boolean =>
  /^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(name) && !name.startsWith(reservedPrefix);

function readReservedNames(status: JsonObject, key: string): string[] {
  return readList(status, key).flatMap((name) =>
    typeof name === "string" && name.startsWith(reservedPrefix) ? [name] : [],
  );
}

function findVariable(container: unknown, name: string): string | undefined {
  return readText(
    readList(container, "env").find((item) => readText(item, "name") === name),
    "value",
  );
}
