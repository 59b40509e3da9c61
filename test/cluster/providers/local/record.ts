/** What the machine was like before the start, kept in the state folder: `down` may run in another process, or after a crash. */
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sysctls } from "./host/sysctls.ts";
import type { LocalSettings } from "./settings.ts";

/** Written before anything is changed: a folder without it is not ours, and holds nothing to undo. */
export interface HostRecord {
  readonly startedAtMs: number;
  /** Folder of the binaries that run. */
  readonly binaries: string;
  readonly sysctls: Sysctls;
  /** Mount points that were made for the cluster, parents first. */
  readonly madeFolders: readonly string[];
}

/** Makes the state folder with the record in it. Rejects where the folder holds somebody else's files. */
export async function writeRecord(settings: LocalSettings, record: HostRecord): Promise<void> {
  await mkdir(settings.stateFolder, { recursive: true, mode: 0o700 });
  if ((await readdir(settings.stateFolder)).length > 0) {
    throw new Error(
      `${settings.stateFolder} holds files that are not a cluster's; name another by OUTRIGGER_CLUSTER_STATE`,
    );
  }
  const half = `${settings.stateFolder}.host.json`;
  await writeFile(half, JSON.stringify(record));
  await rename(half, toFile(settings));
}

/** The record; undefined where there is none, and so nothing was changed. */
export async function readRecord(settings: LocalSettings): Promise<HostRecord | undefined> {
  const text = await readFile(toFile(settings), "utf8").catch(() => undefined);
  // The content is this program's own.
  return text === undefined ? undefined : (JSON.parse(text) as HostRecord);
}

function toFile(settings: LocalSettings): string {
  return join(settings.stateFolder, "host.json");
}
