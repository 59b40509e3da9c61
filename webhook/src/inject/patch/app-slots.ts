/** Operations on the probes and hooks of a container: the handler and its timeout, or a probe that only we put there. */
import { handlerKinds, readSlot, slotNames, type SlotName } from "../build/slots.ts";
import type { Operation } from "../outcome.ts";
import { isObject, readInteger, readMember, readText, type JsonObject } from "../read/json.ts";
import type { AppPlace } from "./app-place.ts";
import { toPointer, type Tokens } from "./pointer.ts";
import { isSame } from "./subset.ts";

/** Brings every place to the wanted state. */
export function diffSlots(actual: JsonObject, wanted: JsonObject, place: AppPlace): Operation[] {
  const operations = slotNames.flatMap((slot) => diffSlot(actual, wanted, { ...place, slot }));
  // Both hooks may bring their object, or take it with them.
  return operations.filter(({ path }, index) => operations.findIndex((each) => each.path === path) === index);
}

function diffSlot(
  actual: JsonObject,
  wanted: JsonObject,
  { slot, path, probePorts }: AppPlace & { readonly slot: SlotName },
): Operation[] {
  const have = readSlot(actual, slot);
  const want = readSlot(wanted, slot);
  const at = [...path, ...(slot.parent === undefined ? [] : [slot.parent]), slot.field];
  if (have === want) return [];
  if (have === undefined || want === undefined) return [diffPresence(actual, wanted, { slot, path })];
  if (isLedByAgent(have, want, probePorts)) return [];
  return [...handlerKinds.flatMap((kind) => diffHandler(have, want, [...at, kind])), ...diffTimeout(have, want, at)];
}

/** A probe or hook added or taken away; the object of the hooks comes and goes with the only one of them. */
function diffPresence(
  actual: JsonObject,
  wanted: JsonObject,
  { slot: { parent, field }, path }: Pick<AppPlace, "path"> & { readonly slot: SlotName },
): Operation {
  const outer = parent ?? field;
  const [old, value] = [readMember(actual, outer), readMember(wanted, outer)];
  if (parent === undefined || !isObject(old) || value === undefined)
    return value === undefined
      ? { op: "remove", path: toPointer([...path, outer]) }
      : { op: "add", path: toPointer([...path, outer]), value };
  const at = toPointer([...path, outer, field]);
  const inner = readMember(value, field);
  return inner === undefined ? { op: "remove", path: at } : { op: "add", path: at, value: inner };
}

/** An agent took over a probe that was led through the sidecar before; it still ends there. */
function isLedByAgent(have: JsonObject, want: JsonObject, probePorts: readonly number[]): boolean {
  const [old, wanted] = [readMember(have, "httpGet"), readMember(want, "httpGet")];
  const path = readText(old, "path");
  return path !== undefined && path === readText(wanted, "path") && probePorts.includes(readInteger(old, "port") ?? 0);
}

function diffHandler(have: JsonObject, want: JsonObject, at: Tokens): Operation[] {
  const kind = String(at.at(-1));
  const path = toPointer(at);
  const [old, wanted] = [readMember(have, kind), readMember(want, kind)];
  if (old === wanted) return [];
  if (wanted === undefined) return [{ op: "remove", path }];
  if (old === undefined) return [{ op: "add", path, value: wanted }];
  if (isSame(withoutDefaults(old), withoutDefaults(wanted))) return [];
  if (differsInPortOnly(old, wanted))
    return [{ op: "replace", path: `${path}/port`, value: readMember(wanted, "port") }];
  return [{ op: "replace", path, value: wanted }];
}

/** Empty members say the same as absent ones. */
function withoutDefaults(handler: unknown): unknown {
  return Object.fromEntries(Object.entries(handler ?? {}).filter(([, value]) => value !== "" && value !== null));
}

/** Members are compared by identity: where they are the user's own, they are not to be written. */
function differsInPortOnly(old: unknown, wanted: unknown): boolean {
  const keys = new Set([...Object.keys(old ?? {}), ...Object.keys(wanted ?? {})]);
  keys.delete("port");
  return [...keys].every((key) => readMember(old, key) === readMember(wanted, key));
}

function diffTimeout(have: JsonObject, want: JsonObject, at: Tokens): Operation[] {
  const wanted = readMember(want, "timeoutSeconds");
  if (wanted === readMember(have, "timeoutSeconds")) return [];
  if (wanted === undefined) return [{ op: "remove", path: toPointer([...at, "timeoutSeconds"]) }];
  // add on a member that is there replaces it, and it may be there as null.
  return [{ op: "add", path: toPointer([...at, "timeoutSeconds"]), value: wanted }];
}
