/**
 * Operations inside the app's container. Only three things of a user are ever touched: variables by addition, the name of
 * a port, and the handler of a probe or hook with its timeout. A user's own value is never written back.
 */
import type { Operation } from "../outcome.ts";
import { handlerKinds, readSlot, slotNames, type SlotName } from "../build/slots.ts";
import { readInteger, readList, readMember, readText, type JsonObject } from "../read/json.ts";
import { isSame } from "./subset.ts";
import { toPointer } from "./pointer.ts";

type Tokens = readonly (string | number)[];

/** Where a container stands, and which ports belong to agents that stand in for probes. */
export interface AppPlace {
  readonly path: Tokens;
  readonly probePorts: readonly number[];
}

/** Brings one container to the wanted state. */
export function diffApp(actual: JsonObject, wanted: JsonObject, place: AppPlace): Operation[] {
  const { path } = place;
  const operations = [
    ...slotNames.flatMap((slot) => diffSlot(actual, wanted, { ...place, slot })),
    ...diffPortNames(actual, wanted, path),
    ...diffVariables(actual, wanted, path),
  ];
  if (operations.length === 0) return [];
  return [{ op: "test", path: toPointer([...path, "name"]), value: readText(actual, "name") }, ...operations];
}

function diffSlot(
  actual: JsonObject,
  wanted: JsonObject,
  { slot, path, probePorts }: AppPlace & { readonly slot: SlotName },
): Operation[] {
  const have = readSlot(actual, slot);
  const want = readSlot(wanted, slot);
  if (have === undefined || want === undefined || have === want) return [];
  if (isLedByAgent(have, want, probePorts)) return [];
  const at = [...path, ...(slot.parent === undefined ? [] : [slot.parent]), slot.field];
  return [...handlerKinds.flatMap((kind) => diffHandler(have, want, [...at, kind])), ...diffTimeout(have, want, at)];
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
  // add on a member that is there replaces it, and it may be there as null.
  return [{ op: "add", path: toPointer([...at, "timeoutSeconds"]), value: wanted }];
}

function diffPortNames(actual: JsonObject, wanted: JsonObject, path: Tokens): Operation[] {
  const ports = readList(wanted, "ports");
  return readList(actual, "ports").flatMap((port, index): Operation[] => {
    const at = toPointer([...path, "ports", index, "name"]);
    const [old, name] = [readMember(port, "name"), readText(ports[index], "name")];
    if (old === name) return [];
    return name === undefined ? [{ op: "remove", path: at }] : [{ op: "add", path: at, value: name }];
  });
}

function diffVariables(actual: JsonObject, wanted: JsonObject, path: Tokens): Operation[] {
  const existing = readList(actual, "env");
  const added = readList(wanted, "env").slice(existing.length);
  if (added.length === 0) return [];
  const list = toPointer([...path, "env"]);
  const create: Operation[] = Array.isArray(readMember(actual, "env")) ? [] : [{ op: "add", path: list, value: [] }];
  return [...create, ...added.map((value): Operation => ({ op: "add", path: `${list}/-`, value }))];
}
