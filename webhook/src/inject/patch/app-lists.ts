/** Operations on the ports and variables of a container: a port's name, all ports, and variables behind those that are there. */
import type { Operation } from "../outcome.ts";
import { readList, readMember, readText, type JsonObject } from "../read/json.ts";
import type { AppPlace } from "./app-place.ts";
import { toPointer, type Tokens } from "./pointer.ts";
import { isSame } from "./subset.ts";

/** Takes the ports away, gives them back, or changes their names. */
export function diffPorts(actual: JsonObject, wanted: JsonObject, path: Tokens): Operation[] {
  const [have, want] = [readList(actual, "ports"), readList(wanted, "ports")];
  const at = toPointer([...path, "ports"]);
  if (want.length === 0) return have.length === 0 ? [] : [{ op: "remove", path: at }];
  if (have.length === 0) return [{ op: "add", path: at, value: want }];
  return diffPortNames(actual, wanted, path);
}

/** Takes a name away from a port, or gives it back. */
function diffPortNames(actual: JsonObject, wanted: JsonObject, path: Tokens): Operation[] {
  const ports = readList(wanted, "ports");
  return readList(actual, "ports").flatMap((port, index): Operation[] => {
    const at = toPointer([...path, "ports", index, "name"]);
    const [old, name] = [readMember(port, "name"), readText(ports[index], "name")];
    if (old === name) return [];
    return name === undefined ? [{ op: "remove", path: at }] : [{ op: "add", path: at, value: name }];
  });
}

/** Adds the variables that are wanted, and takes those away that an earlier round added and that are not. */
export function diffVariables(actual: JsonObject, wanted: JsonObject, { path, added }: AppPlace): Operation[] {
  const [have, want] = [readList(actual, "env"), readList(wanted, "env")];
  if (have === want) return [];
  const [haveItems, wantItems] = [new Set(have), new Set(want)];
  const isAdded = (item: unknown): boolean => added.get(readText(item, "name") ?? "") === readText(item, "value");
  const obsolete = have
    .map((item, index) => ({ item, index }))
    .filter(({ item }) => !wantItems.has(item) && isAdded(item) && !want.some((each) => isSame(item, each)))
    .reverse();
  const missing = want.filter((item) => !haveItems.has(item) && !have.some((each) => isSame(each, item)));
  const at = (...tokens: Tokens): string => toPointer([...path, "env", ...tokens]);
  return [
    ...obsolete.flatMap(({ item, index }): Operation[] => [
      { op: "test", path: at(index, "name"), value: readText(item, "name") },
      { op: "remove", path: at(index) },
    ]),
    ...appendTo({ actual, key: "env", path }, missing),
  ];
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
