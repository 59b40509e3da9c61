/** Compares a stripped pod with its plan and records what is changed of it that is not ours; undo.ts says in which form. */
import { findSlots, readSlot, slotNames, type SlotName } from "../build/slots.ts";
import { spellOut } from "../build/handlers.ts";
import { isSame } from "../patch/subset.ts";
import { readInteger, readList, readMember, readObject, readText, type JsonObject } from "../read/json.ts";
import { viewContainer } from "../read/pod.ts";
import { findEmptyPlaces, isRecordable, type Undo } from "./undo.ts";

/** What the record is made of. */
export interface Changes {
  /** The pod without an earlier injection. */
  readonly pod: JsonObject;
  /** The server's container, as it is and as it is planned. */
  readonly container: JsonObject;
  readonly planned: JsonObject;
  readonly annotations: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  /** Lists of the spec that get something. */
  readonly lists: readonly string[];
  readonly pullSecrets: readonly string[];
  /** The record of an earlier injection: others may have filled since what was made then. */
  readonly earlier: Undo | undefined;
}

/** Records the changes. */
export function recordUndo(changes: Changes): Undo {
  const { pod, container, planned, annotations, labels, earlier } = changes;
  const places = [...findMadePlaces(changes), ...(earlier === undefined ? [] : [earlier])];
  const all = (key: "absent" | "nulls"): string[] => [...new Set(places.flatMap((each) => each[key] ?? []))].sort();
  const listed = readList(readObject(pod, "spec"), "imagePullSecrets").map((item) => readText(item, "name"));
  const hadVariables = readList(container, "env").length;
  return {
    absent: all("absent"),
    nulls: all("nulls"),
    annotations,
    labels,
    env: new Map(
      readList(planned, "env")
        .slice(hadVariables)
        .map((item) => [readText(item, "name") ?? "", readText(item, "value") ?? ""]),
    ),
    pullSecrets: changes.pullSecrets.filter((name) => !listed.includes(name)),
    was: findReplaced(container, planned),
    handlers: findHandlers(container, planned),
  };
}

/** Places that hold nothing and get something. Members that strip.ts takes away by itself are of interest where they held null. */
function findMadePlaces({
  pod,
  container,
  planned,
  lists,
  pullSecrets,
}: Changes): Partial<Pick<Undo, "absent" | "nulls">>[] {
  const gets = (keys: readonly string[]): string[] =>
    keys.filter((key) => readMember(container, key) === undefined && readMember(planned, key) !== undefined);
  const hooks = readMember(container, "lifecycle");
  const onlyNulls = (object: unknown, keys: readonly string[], prefix: string): Pick<Undo, "nulls"> => ({
    nulls: findEmptyPlaces(object, keys, prefix).nulls,
  });
  const secrets = pullSecrets.length === 0 ? [] : ["imagePullSecrets"];
  return [
    findEmptyPlaces(pod, ["metadata"], ""),
    findEmptyPlaces(readMember(pod, "metadata"), ["labels", "annotations"], "/metadata"),
    findEmptyPlaces(readMember(pod, "spec"), [...lists, ...secrets], "/spec"),
    findEmptyPlaces(container, gets(["env", "volumeMounts", "lifecycle"]), "app"),
    onlyNulls(container, gets(["command", "readinessProbe"]), "app"),
    onlyNulls(
      hooks,
      readMember(readMember(planned, "lifecycle"), "preStop") === undefined ? [] : ["preStop"],
      "app/lifecycle",
    ),
  ];
}

/** Members that are replaced or taken away as a whole. An own command stands behind the shim and is not recorded. */
function findReplaced(container: JsonObject, planned: JsonObject): JsonObject {
  const keys = ["stdin", "stdinOnce", "tty", "ports", "command"];
  const replaced = keys.filter((key) => {
    const value = readMember(container, key);
    if (value === undefined || isSame(readMember(planned, key), value) || !isRecordable(value)) return false;
    if (key === "command") return isSame(value, []);
    return key !== "ports" || readMember(planned, key) === undefined;
  });
  return Object.fromEntries(replaced.map((key) => [key, container[key]]));
}

/** Handlers whose exact form the sidecar is not told. */
function findHandlers(container: JsonObject, planned: JsonObject): ReadonlyMap<string, JsonObject> {
  return new Map(
    slotNames.flatMap((place) => {
      const written = describeHandler(container, planned, place);
      return written === undefined || !isRecordable(written) ? [] : [[place.field, written] as const];
    }),
  );
}

function describeHandler(container: JsonObject, planned: JsonObject, place: SlotName): JsonObject | undefined {
  const slot = findSlots(container).find(({ parent, field }) => parent === place.parent && field === place.field);
  const next = readSlot(planned, place);
  if (slot === undefined || next === undefined || next === slot.raw) return undefined;
  const isLed = readText(readMember(next, "httpGet"), "path") === slot.proberPath;
  // Beside the server itself only a port's name turned to its number.
  if (!isLed) return { [slot.kind]: { port: slot.handler["port"] } };
  const isTimeoutChanged = readMember(next, "timeoutSeconds") !== readMember(slot.raw, "timeoutSeconds");
  const hasTimeout = isTimeoutChanged && Object.hasOwn(slot.raw, "timeoutSeconds");
  const written = {
    [slot.kind]: slot.handler,
    ...(hasTimeout ? { timeoutSeconds: slot.raw["timeoutSeconds"] } : {}),
  };
  const known = spellOut(slot, viewContainer(container));
  const seconds = Math.max(1, readInteger(slot.raw, "timeoutSeconds") ?? 1);
  const told = { [known.kind]: known.value, ...(isTimeoutChanged ? { timeoutSeconds: seconds } : {}) };
  return isSame(written, told) ? undefined : written;
}
