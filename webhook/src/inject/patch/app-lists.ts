/** Operations on the ports and variables of a container: a port's name, and variables behind those that are there. */
import type { Operation } from "../outcome.ts";
import { readList, readMember, readText, type JsonObject } from "../read/json.ts";
import { toPointer, type Tokens } from "./pointer.ts";

/** Takes a name away from a port, or gives it back. */
export function diffPortNames(actual: JsonObject, wanted: JsonObject, path: Tokens): Operation[] {
  const ports = readList(wanted, "ports");
  return readList(actual, "ports").flatMap((port, index): Operation[] => {
    const at = toPointer([...path, "ports", index, "name"]);
    const [old, name] = [readMember(port, "name"), readText(ports[index], "name")];
    if (old === name) return [];
    return name === undefined ? [{ op: "remove", path: at }] : [{ op: "add", path: at, value: name }];
  });
}

/** Adds the variables that are wanted beyond those of the container. */
export function diffVariables(actual: JsonObject, wanted: JsonObject, path: Tokens): Operation[] {
  const existing = readList(actual, "env");
  return appendTo({ actual, key: "env", path }, readList(wanted, "env").slice(existing.length));
}

/** Appends to a list of a container that may not be there. */
export function appendTo(
  { actual, key, path }: { readonly actual: JsonObject; readonly key: string; readonly path: Tokens },
  added: readonly unknown[],
): Operation[] {
  if (added.length === 0) return [];
  const list = toPointer([...path, key]);
  const create: Operation[] = Array.isArray(readMember(actual, key)) ? [] : [{ op: "add", path: list, value: [] }];
  return [...create, ...added.map((value): Operation => ({ op: "add", path: `${list}/-`, value }))];
}
