/**
 * Second stage: the pod as its author meant it, with everything taken out that an earlier injection put in.
 * What is restored came out of the pod itself, so it is user input and is checked like it. Writes nothing: the result is
 * only looked at. Stage before: decide.ts; next: check.ts.
 */
import { keys } from "@outrigger/api/keys";
import { appProbesVariable } from "@outrigger/api/app-probe";
import { sidecarName } from "@outrigger/api/containers";
import { decodeAppHandlers, type AppHandlers } from "./build/app-probes.ts";
import {
  configVolume,
  noTokenVolume,
  reservedPrefix,
  runVolume,
  shimInstallerName,
  shimVolume,
} from "./build/names.ts";
import { unwrapCommand } from "./build/shim-command.ts";
import { findSlots, removeSlot, replaceHandler, stopSlot, type Slot } from "./build/slots.ts";
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

/** What an earlier injection left behind. Undefined members were not readable. */
export interface Previous {
  /** Init containers and volumes that count as ours. */
  readonly containers: ReadonlySet<string>;
  readonly volumes: ReadonlySet<string>;
  /** The choice of an earlier round: it still holds after another injector added containers of its own. */
  readonly container: string | undefined;
  readonly port: number | undefined;
  /** Handlers that were led through the sidecar, by prober path. */
  readonly handlers: AppHandlers;
  /** Name that port mode named-port moved from the app's port to the sidecar's. */
  readonly portName: string | undefined;
  /** False where the command behind the shim is the annotation's, not the container's own. */
  readonly hasOwnCommand: boolean;
}

/** The pod without us, and what was found of us. `previous` is undefined where the pod was never injected. */
export interface Stripped {
  readonly pod: JsonObject;
  readonly previous: Previous | undefined;
}

/**
 * Takes an earlier injection out. Ours are only native sidecars and volumes by our names, and only beside our status
 * annotation: without it a reserved name is a user's and is refused later.
 */
export function strip(pod: JsonObject): Stripped {
  const spec = readObject(pod, "spec");
  const previous = findPrevious(readObject(pod, "metadata"), spec);
  if (previous === undefined) return { pod, previous };
  const isOurs = (names: ReadonlySet<string>) => (item: unknown) => names.has(readText(item, "name") ?? "");
  const stripped = {
    ...spec,
    initContainers: readList(spec, "initContainers").filter((item) => !isOurs(previous.containers)(item)),
    volumes: readList(spec, "volumes").filter((item) => !isOurs(previous.volumes)(item)),
    containers: readList(spec, "containers").map((item) => (isObject(item) ? restore(item, previous) : item)),
  };
  return { pod: { ...pod, spec: stripped }, previous };
}

function findPrevious(metadata: JsonObject, spec: JsonObject): Previous | undefined {
  const statusText = readText(readObject(metadata, "annotations"), keys.status.key);
  const sidecar = readList(spec, "initContainers").find((item) => readText(item, "name") === sidecarName);
  if (statusText === undefined || sidecar === undefined) return undefined;
  const status = parseObject(statusText) ?? {};
  return {
    containers: new Set([sidecarName, shimInstallerName, ...readReservedNames(status, "containers")]),
    volumes: new Set([...ourVolumes, ...readReservedNames(status, "volumes")]),
    container: readText(status, "container"),
    port: readInteger(status, "port"),
    handlers: decodeAppHandlers(findVariable(sidecar, appProbesVariable)),
    portName: readList(sidecar, "ports")
      .map((port) => readText(port, "name"))
      .find((name) => name !== undefined && /^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(name)),
    hasOwnCommand: readText(status, "command") !== "annotation",
  };
}

const ourVolumes = [noTokenVolume, configVolume, shimVolume, runVolume];

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

function restore(container: JsonObject, previous: Previous): JsonObject {
  const command = unwrapCommand(readList(container, "command"));
  if (command !== undefined) return unwrap(container, { previous, command });
  return findSlots(container)
    .filter((slot) => slot.isOurs)
    .reduce((restored, slot) => restoreSlot(restored, slot, previous), restorePortName(container, previous));
}

function restoreSlot(container: JsonObject, slot: Slot, previous: Previous): JsonObject {
  const original = previous.handlers.get(slot.proberPath);
  if (original !== undefined) return replaceHandler(container, slot, original);
  // The hook before a stop is the one that is put where none was.
  return slot.field === stopSlot.field ? removeSlot(container, slot) : container;
}

/** A stdio server's container: behind the shim its own command and probes, no mounts of ours, no probe of ours. Its ports are gone. */
function unwrap(
  container: JsonObject,
  { previous, command }: { readonly previous: Previous; readonly command: readonly unknown[] },
): JsonObject {
  const isOurs = (mount: unknown): boolean => previous.volumes.has(readText(mount, "name") ?? "");
  const others = Object.entries(container).filter(([key]) => key !== "command" && key !== "volumeMounts");
  const restored = {
    ...Object.fromEntries(others),
    ...(previous.hasOwnCommand ? { command } : {}),
    volumeMounts: readList(container, "volumeMounts").filter((mount) => !isOurs(mount)),
  };
  const giveBack = (result: JsonObject, slot: Slot): JsonObject => {
    const original = previous.handlers.get(slot.proberPath);
    return original === undefined ? removeSlot(result, slot) : replaceHandler(result, slot, original);
  };
  return findSlots(container)
    .filter((slot) => slot.isOurs)
    .reduce(giveBack, restored);
}

function restorePortName(container: JsonObject, previous: Previous): JsonObject {
  const { portName, port } = previous;
  if (portName === undefined || readText(container, "name") !== previous.container) return container;
  const isMoved = (each: unknown): boolean =>
    readInteger(each, "containerPort") === port &&
    (readText(each, "protocol") ?? "TCP") === "TCP" &&
    readMember(each, "name") === undefined;
  const ports = readList(container, "ports");
  const index = ports.findIndex(isMoved);
  return {
    ...container,
    ports: ports.map((each, at) => (at === index && isObject(each) ? { ...each, name: portName } : each)),
  };
}
