/** Which file of a client is meant: the one that is named, else the first that the client has on this system. Pure. */
import { isAbsolute, join } from "node:path";
import type { FilePlace } from "../client.ts";

/** The systems whose paths are known. */
export type System = "linux" | "macos" | "windows";

/** Where paths lead from. `home`: the person's own folder; `roaming`: what Windows calls APPDATA. */
export interface Surroundings {
  readonly system: System;
  readonly home: string;
  readonly roaming: string;
  readonly cwd: string;
}

/** The path, or undefined where the client has no file of its own. */
export function findPlace(
  places: readonly FilePlace[],
  named: string | undefined,
  { system, home, roaming, cwd }: Surroundings,
): string | undefined {
  const given = named ?? places[0]?.[system];
  if (given === undefined) return undefined;
  const path = given
    .replace(/^~(?=[/\\]|$)/, () => home)
    .replace(/^%USERPROFILE%/, () => home)
    .replace(/^%APPDATA%/, () => roaming);
  return isAbsolute(path) ? path : join(cwd, path);
}
