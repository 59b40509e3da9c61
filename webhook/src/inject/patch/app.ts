/**
 * Operations inside a container of the user's. What is ever touched: variables and mounts by addition, the name of a port, the
 * handler of a probe or hook with its timeout, and of a stdio server the command, the ports and the terminal. A user's own value
 * is never written back.
 */
import type { Operation } from "../outcome.ts";
import { readText, type JsonObject } from "../read/json.ts";
import type { AppPlace } from "./app-place.ts";
import { diffPorts, diffVariables } from "./app-lists.ts";
import { diffMounts, diffProcess } from "./app-process.ts";
import { diffSlots } from "./app-slots.ts";
import { toPointer } from "./pointer.ts";

/** Brings one container to the wanted state; none where it is the very same value. */
export function diffApp(actual: JsonObject, wanted: JsonObject, place: AppPlace): Operation[] {
  if (actual === wanted) return [];
  const { path } = place;
  const operations: Operation[] = [
    ...diffSlots(actual, wanted, place),
    ...diffPorts(actual, wanted, path),
    ...diffVariables(actual, wanted, place),
    ...diffProcess(actual, wanted, path),
    ...diffMounts(actual, wanted, place),
  ];
  if (operations.length === 0) return [];
  return [{ op: "test", path: toPointer([...path, "name"]), value: readText(actual, "name") }, ...operations];
}
