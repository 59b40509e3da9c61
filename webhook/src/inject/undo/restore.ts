/**
 * The server's container as its author wrote it: probes and hooks asked of it again, its own command, terminal, ports and variables.
 * What the record of an earlier injection says is taken only where it agrees with what stands in the pod. Part of strip.ts.
 */
import { spellOut } from "../build/handlers.ts";
import { unwrapCommand } from "../build/shim-command.ts";
import {
  findSlots,
  handlerKinds,
  readSlot,
  removeSlot,
  replaceHandler,
  setSlot,
  stopSlot,
  type NewHandler,
  type Slot,
} from "../build/slots.ts";
import { isSame } from "../patch/subset.ts";
import { isObject, readInteger, readList, readMember, readText, type JsonObject } from "../read/json.ts";
import { viewContainer } from "../read/pod.ts";
import type { Previous } from "./previous.ts";
import { giveBack, nothingDone, omit, type Undo } from "./undo.ts";

/** Gives a container of the pod back as it was; one that was not touched comes back as it is. */
export function restoreContainer(container: JsonObject, previous: Previous): JsonObject {
  const isServer = readText(container, "name") === previous.container;
  const known = isServer ? previous : { ...previous, undo: nothingDone, portName: undefined };
  const command = unwrapCommand(readList(container, "command"));
  const isWrapped = command !== undefined;
  const unwrapped = isWrapped ? unwrap(container, { previous: known, command }) : restorePortName(container, known);
  const asked = findSlots(unwrapped)
    .filter((slot) => isFromUs(slot, known))
    .reduce((restored, slot) => restoreSlot(restored, slot, { previous: known, isWrapped }), unwrapped);
  const { undo } = known;
  return ["env", "volumeMounts"].reduce(
    (restored, key) => giveBack(restored, key, { undo, place: `app/${key}` }),
    removeVariables(restoreNamedPorts(asked, known), undo),
  );
}

/**
 * True for a handler that an earlier injection put at its place. For hooks the path alone does not tell: Istio's agent has the same. It was
 * there first where the sidecar was told nothing of the hook, and took ours over where it was.
 */
function isFromUs({ isOurs, field, proberPath, handler }: Slot, previous: Previous): boolean {
  const { handlers, stopHooks, adminPort } = previous;
  const isTold = handlers.has(proberPath) || stopHooks.has(proberPath);
  return isOurs && (field !== stopSlot.field || isTold || readInteger(handler, "port") === adminPort);
}

/** The probe or hook that stood at a place; one that only we put there goes. */
function restoreSlot(
  container: JsonObject,
  slot: Slot,
  { previous, isWrapped }: { readonly previous: Previous; readonly isWrapped: boolean },
): JsonObject {
  const original = previous.handlers.get(slot.proberPath);
  if (original !== undefined) return restoreHandlerAt(container, slot, { previous, original });
  // Only beside stdio there are probes of ours; the hook before a stop is put into every container that has none.
  if (!isWrapped && slot.field !== stopSlot.field) return container;
  const { undo } = previous;
  if (slot.parent === undefined)
    return giveBack(removeSlot(container, slot), slot.field, { undo, place: `app/${slot.field}` });
  const hooks = omit(readObjectAt(container, slot.parent), slot.field);
  const rest = giveBack(hooks, slot.field, { undo, place: `app/${slot.parent}/${slot.field}` });
  const place = `app/${slot.parent}`;
  // Records of earlier versions say nothing of hooks: then the object goes with the last of them.
  const isUnrecorded = Object.keys(rest).length === 0 && undo === nothingDone;
  return isUnrecorded
    ? omit(container, slot.parent)
    : giveBack({ ...container, [slot.parent]: rest }, slot.parent, { undo, place });
}

const readObjectAt = (container: JsonObject, key: string): JsonObject => {
  const value = readMember(container, key);
  return isObject(value) ? value : {};
};

/** The handler as the sidecar knows it, or as its author wrote it where both say the same. */
function restoreHandlerAt(
  container: JsonObject,
  slot: Slot,
  { previous, original }: { readonly previous: Previous; readonly original: NewHandler },
): JsonObject {
  const known = replaceHandler(container, slot, original);
  const written = previous.undo.handlers.get(slot.field);
  if (written === undefined) return known;
  const others = omit(
    readSlot(container, slot) ?? {},
    ...handlerKinds,
    ...(original.timeoutSeconds === undefined ? [] : ["timeoutSeconds"]),
  );
  const candidate = setSlot(container, slot, { ...others, ...written });
  const [now, then] = [readSlotAt(known, slot), readSlotAt(candidate, slot)];
  if (now === undefined || then === undefined) return known;
  const view = viewContainer(container);
  return isSame(spellOut(then, view), spellOut(now, view)) ? candidate : known;
}

const readSlotAt = (container: JsonObject, { parent, field }: Slot): Slot | undefined =>
  findSlots(container).find((slot) => slot.parent === parent && slot.field === field);

/** Names of ports that were turned to numbers, in handlers that are asked of the server itself. */
function restoreNamedPorts(container: JsonObject, { undo, port }: Previous): JsonObject {
  return findSlots(container)
    .filter((slot) => !slot.isOurs && port !== undefined && readInteger(slot.handler, "port") === port)
    .reduce((restored, slot) => {
      const name = readText(readMember(undo.handlers.get(slot.field), slot.kind), "port");
      const value = { ...slot.handler, port: name };
      return name === undefined ? restored : replaceHandler(restored, slot, { kind: slot.kind, value });
    }, container);
}

/** A stdio server's container: behind the shim its own command, and what the shim has no use for. */
function unwrap(
  container: JsonObject,
  { previous, command }: { readonly previous: Previous; readonly command: readonly unknown[] },
): JsonObject {
  const { undo, volumes, hasOwnCommand } = previous;
  const isOurs = (mount: unknown): boolean => volumes.has(readText(mount, "name") ?? "");
  const own = readMember(undo.was, "command");
  const bare = hasOwnCommand
    ? { ...container, command }
    : { ...omit(container, "command"), ...(isSame(own, []) ? { command: [] } : {}) };
  const mounts = readList(container, "volumeMounts").filter((mount) => !isOurs(mount));
  const closed = ["stdin", "stdinOnce", "tty"].filter(
    (key) => readMember(container, key) !== true && readMember(undo.was, key) === true,
  );
  const ports = readMember(undo.was, "ports");
  const hasLostPorts = Array.isArray(ports) && readMember(container, "ports") === undefined;
  const restored = {
    ...bare,
    volumeMounts: mounts,
    ...Object.fromEntries(closed.map((key) => [key, true])),
    ...(hasLostPorts ? { ports } : {}),
  };
  return giveBack(restored, "command", { undo, place: "app/command" });
}

/** Without the variables that were added, unless somebody changed them since. */
function removeVariables(container: JsonObject, { env }: Undo): JsonObject {
  if (env.size === 0) return container;
  const isOurs = (item: unknown): boolean =>
    isObject(item) &&
    Object.keys(item).every((key) => key === "name" || key === "value") &&
    env.get(readText(item, "name") ?? "") === readText(item, "value");
  return { ...container, env: readList(container, "env").filter((item) => !isOurs(item)) };
}

function restorePortName(container: JsonObject, { portName, port }: Previous): JsonObject {
  if (portName === undefined) return container;
  const isMoved = (each: unknown): boolean =>
    readInteger(each, "containerPort") === port &&
    (readText(each, "protocol") ?? "TCP") === "TCP" &&
    readMember(each, "name") === undefined;
  const ports = readList(container, "ports");
  const index = ports.findIndex(isMoved);
  if (index < 0) return container;
  return {
    ...container,
    ports: ports.map((each, at) => (at === index && isObject(each) ? { ...each, name: portName } : each)),
  };
}
