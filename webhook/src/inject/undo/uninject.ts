/**
 * The way back: a pod as it was before it was injected. Removes what strip.ts knows as added and puts back what was replaced, nothing
 * else; a pod that was never injected stays as it is. Pure.
 */
import { handlerKinds } from "../build/slots.ts";
import type { Operation } from "../outcome.ts";
import { toPointer, type Tokens } from "../patch/pointer.ts";
import { isObject, readText, type JsonObject } from "../read/json.ts";
import { readPod } from "../read/pod.ts";
import { strip } from "../strip.ts";

/** The patch that takes an injection out of a raw pod; empty where there is none, and for what is no pod. */
export function uninject(pod: unknown): Operation[] {
  if (!isObject(pod) || !readPod(pod).ok) return [];
  const { pod: stripped, previous } = strip(pod);
  return previous === undefined ? [] : goBack(pod, stripped, []);
}

/** Operations from a value to what is left of it. Members and items that are the same value are not looked into. */
function goBack(now: unknown, then: unknown, path: Tokens): Operation[] {
  if (now === then) return [];
  const isHandler = handlerKinds.some((kind) => kind === path.at(-1));
  if (isObject(now) && isObject(then) && !isHandler) return goBackInObject(now, then, path);
  if (isListOfObjects(now) && isListOfObjects(then)) return goBackInList(now, then, path);
  return [{ op: "replace", path: toPointer(path), value: then }];
}

const isListOfObjects = (value: unknown): value is readonly JsonObject[] =>
  Array.isArray(value) && value.every(isObject);

function goBackInObject(now: JsonObject, then: JsonObject, path: Tokens): Operation[] {
  const gone = Object.keys(now).filter((key) => !Object.hasOwn(then, key));
  const kept = Object.keys(then).flatMap((key): Operation[] =>
    Object.hasOwn(now, key)
      ? goBack(now[key], then[key], [...path, key])
      : [{ op: "add", path: toPointer([...path, key]), value: then[key] }],
  );
  return [...kept, ...gone.map((key): Operation => ({ op: "remove", path: toPointer([...path, key]) }))];
}

/** A list loses items and gets none; those that stay keep their order. */
function goBackInList(now: readonly JsonObject[], then: readonly JsonObject[], path: Tokens): Operation[] {
  const left = [...then];
  const pairs = now.map((item, index) => {
    const isKept = left.length > 0 && isOneItem(item, left[0]);
    return { item, index, then: isKept ? left.shift() : undefined, isKept };
  });
  if (left.length > 0) return [{ op: "replace", path: toPointer(path), value: then }];
  const changes = pairs.flatMap((pair) => (pair.isKept ? goBack(pair.item, pair.then, [...path, pair.index]) : []));
  const removals = pairs
    .filter(({ isKept }) => !isKept)
    .reverse()
    .flatMap(({ item, index }): Operation[] => [
      ...nameItem(item, [...path, index]),
      { op: "remove", path: toPointer([...path, index]) },
    ]);
  return [...changes, ...removals];
}

/** True where an item stayed: the same value, or one that was changed and has the name that it had. */
function isOneItem(now: JsonObject, then: JsonObject | undefined): boolean {
  if (now === then) return true;
  const isPort = Object.hasOwn(now, "containerPort");
  return isPort ? now["containerPort"] === then?.["containerPort"] : readText(now, "name") === readText(then, "name");
}

/** Holds the removal to the item that is meant. */
function nameItem(item: unknown, path: Tokens): Operation[] {
  const name = readText(item, "name");
  return name === undefined ? [] : [{ op: "test", path: toPointer([...path, "name"]), value: name }];
}
