/** Operations on what a stdio server's container runs: its command behind the shim, no terminal, and the shim's mounts. */
import type { Operation } from "../outcome.ts";
import { readList, readMember, readText, type JsonObject } from "../read/json.ts";
import { appendTo } from "./app-lists.ts";
import type { AppPlace } from "./app-place.ts";
import { toPointer, type Tokens } from "./pointer.ts";
import { isSame } from "./subset.ts";

const fields = ["command", "stdin", "stdinOnce", "tty"];

/** Sets command and terminal; a command that was the annotation's is taken away again. */
export function diffProcess(actual: JsonObject, wanted: JsonObject, path: Tokens): Operation[] {
  return fields.flatMap((field): Operation[] => {
    const [old, value] = [readMember(actual, field), readMember(wanted, field)];
    const at = toPointer([...path, field]);
    // The API server leaves false out.
    if (isSame(old, value) || (old === undefined && value === false)) return [];
    if (value === undefined) return [{ op: "remove", path: at }];
    return [{ op: old === undefined ? "add" : "replace", path: at, value }];
  });
}

/** Adds our mounts, puts them right, or takes them away. Those of others keep their order before what is added. */
export function diffMounts(actual: JsonObject, wanted: JsonObject, { path, ours }: AppPlace): Operation[] {
  const list = readList(actual, "volumeMounts");
  const isOurs = (mount: unknown): boolean => ours.has(readText(mount, "name") ?? "");
  const missing = readList(wanted, "volumeMounts").filter((mount) => !list.some((each) => isSame(each, mount)));
  const obsolete = list
    .map((mount, index) => ({ mount, index }))
    .filter(({ mount, index }) => isOurs(mount) && !isWantedFirst(list, index, wanted))
    .reverse();
  const at = (...tokens: Tokens): string => toPointer([...path, "volumeMounts", ...tokens]);
  const removals = obsolete.flatMap(({ mount, index }): Operation[] => [
    { op: "test", path: at(index, "name"), value: readText(mount, "name") },
    { op: "remove", path: at(index) },
  ]);
  return [...removals, ...appendTo({ actual, key: "volumeMounts", path }, missing)];
}

/** True for a mount that is wanted and stands there for the first time. */
function isWantedFirst(list: readonly unknown[], index: number, wanted: JsonObject): boolean {
  const mount = list[index];
  const isWanted = readList(wanted, "volumeMounts").some((each) => isSame(mount, each));
  return isWanted && list.findIndex((each) => isSame(each, mount)) === index;
}
