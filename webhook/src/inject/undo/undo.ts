/**
 * What injection changes of a pod that is not its own: the record of it in the status annotation, from which strip.ts gives everything
 * back as it was. A pod's author may have written the record, so whoever uses it compares it with what stands in the pod.
 */
import { isObject, readList, readMember, readObject, readText, type JsonObject } from "../read/json.ts";

/** The record. Places of the server's container begin with `app`, others with the pod. */
export interface Undo {
  /** Places that held nothing and that injection made: lists, maps, hooks. */
  readonly absent: readonly string[];
  /** Places that held null. */
  readonly nulls: readonly string[];
  /** What was added where nobody had said it, with its value: who changed it since has made it his own. */
  readonly annotations: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  readonly env: ReadonlyMap<string, string>;
  readonly pullSecrets: readonly string[];
  /** Values of the server's container that injection replaced, by member; what a probe or hook asked is in `handlers`. */
  readonly was: JsonObject;
  /** By field of the probe or hook: its handler, and its `timeoutSeconds` where it had one. */
  readonly handlers: ReadonlyMap<string, JsonObject>;
}

/** A record of nothing. */
export const nothingDone: Undo = {
  absent: [],
  nulls: [],
  annotations: new Map(),
  labels: new Map(),
  env: new Map(),
  pullSecrets: [],
  was: {},
  handlers: new Map(),
};

/** Longest record of replaced values, in characters; longer ones are given back in the form that the sidecar knows. */
const maxLength = 16_384;

/** The record as a member of the status annotation; undefined where there is nothing to record. */
export function encodeUndo(undo: Undo): JsonObject | undefined {
  const replaced = { was: undo.was, handlers: Object.fromEntries(undo.handlers) };
  const isShort = JSON.stringify(replaced).length <= maxLength;
  const members: JsonObject = {
    absent: undo.absent,
    nulls: undo.nulls,
    annotations: Object.fromEntries(undo.annotations),
    labels: Object.fromEntries(undo.labels),
    env: Object.fromEntries(undo.env),
    pullSecrets: undo.pullSecrets,
    ...(isShort ? replaced : {}),
  };
  const filled = Object.entries(members).filter(([, value]) => Object.keys(value ?? {}).length > 0);
  return filled.length === 0 ? undefined : Object.fromEntries(filled);
}

/** Reads the record of a status; what is not well formed is left out. */
export function decodeUndo(status: JsonObject): Undo {
  const raw = readObject(status, "undo");
  if (Object.keys(raw).length === 0) return nothingDone;
  const was = readObject(raw, "was");
  return {
    absent: readTexts(raw, "absent"),
    nulls: readTexts(raw, "nulls"),
    annotations: readTextMap(raw, "annotations"),
    labels: readTextMap(raw, "labels"),
    env: readTextMap(raw, "env"),
    pullSecrets: readTexts(raw, "pullSecrets"),
    was,
    handlers: new Map(
      Object.entries(readObject(raw, "handlers")).flatMap(([field, value]) =>
        isObject(value) ? [[field, value]] : [],
      ),
    ),
  };
}

/** True for a value that JSON holds exactly and that is small enough in depth to be looked at. */
export function isRecordable(value: unknown, depth = 4): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean";
  if (value === null) return true;
  return depth > 0 && Object.values(value).every((each) => isRecordable(each, depth - 1));
}

const readTexts = (object: JsonObject, key: string): string[] =>
  readList(object, key).filter((item) => typeof item === "string");

function readTextMap(object: JsonObject, key: string): ReadonlyMap<string, string> {
  const map = readObject(object, key);
  return new Map(
    Object.keys(map).flatMap((name) => {
      const text = readText(map, name);
      return text === undefined ? [] : [[name, text] as const];
    }),
  );
}

/** Which of an object's members hold nothing, as places: those that are absent, and those that hold null. */
export function findEmptyPlaces(
  object: unknown,
  keys: readonly string[],
  prefix: string,
): Pick<Undo, "absent" | "nulls"> {
  const empty = keys.filter((key) => readMember(object, key) === undefined);
  const isNull = (key: string): boolean => isObject(object) && Object.hasOwn(object, key);
  return {
    absent: empty.filter((key) => !isNull(key)).map((key) => `${prefix}/${key}`),
    nulls: empty.filter(isNull).map((key) => `${prefix}/${key}`),
  };
}

/**
 * A copy of an object whose member goes back to what it was, once nothing of ours is left in it: gone, null, or the empty value that
 * stands there.
 */
export function giveBack(
  object: JsonObject,
  key: string,
  { undo, place }: { readonly undo: Undo; readonly place: string },
): JsonObject {
  const value = readMember(object, key);
  const isEmpty =
    value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
  if (!isEmpty) return object;
  if (undo.nulls.includes(place)) return { ...object, [key]: null };
  return undo.absent.includes(place) ? omit(object, key) : object;
}

/** A copy of an object without a member. */
export function omit(object: JsonObject, ...keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
