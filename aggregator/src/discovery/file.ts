/**
 * Discovery source "file": a server file that is read again whenever its content changes. A file that is broken or gone
 * keeps the last good set and says why. The folder is watched, because editors and ConfigMaps replace files.
 */
import { watch, type FSWatcher } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileNamespace } from "@outrigger/api/server-file";
import { createKeptList, type ListText } from "./kept-list.ts";
import type { DiscoverySource } from "./source.ts";

/** Where the file is, and the clock. `pollMs`: how often it is read where the system reports no change; default 2 s. */
export interface FileSourceOptions {
  readonly path: string;
  readonly nowMs: () => number;
  readonly pollMs?: number;
}

const settleMs = 50;

/** Creates the source, stopped. */
export function createFileSource({ path, nowMs, pollMs = 2_000 }: FileSourceOptions): DiscoverySource {
  const firstSeen = new Map<string, string>();
  let watcher: FSWatcher | undefined;
  let timers: NodeJS.Timeout[] = [];
  let settling: NodeJS.Timeout | undefined;
  let reading = Promise.resolve();

  const createdAtOf = (key: string): string => {
    const known = firstSeen.get(key) ?? new Date(nowMs()).toISOString();
    firstSeen.set(key, known);
    return known;
  };
  const list = createKeptList(path, { origin: "File", namespace: fileNamespace, keyPrefix: "file", createdAtOf });

  const readText = async (): Promise<ListText> => {
    try {
      return { text: await readFile(path, "utf8") };
    } catch (error) {
      return { missing: `can't be read: ${error instanceof Error ? error.message : String(error)}` };
    }
  };

  return {
    name: "file",
    start: async (onSet) => {
      const readNext = (): void => {
        reading = reading.then(async () => {
          const set = list.take(await readText());
          if (set !== undefined) onSet(set);
        });
      };
      try {
        watcher = watch(dirname(path), () => {
          clearTimeout(settling);
          settling = setTimeout(readNext, settleMs);
        });
        // A folder that goes away is noticed by reading.
        watcher.on("error", () => undefined);
      } catch {
        // No folder yet, or no watching on this file system: reading from time to time is enough.
      }
      timers = [setInterval(readNext, pollMs)];
      readNext();
      await reading;
    },
    isSynced: list.isTaken,
    stop: async () => {
      watcher?.close();
      clearTimeout(settling);
      for (const timer of timers) clearInterval(timer);
      await reading;
    },
  };
}
