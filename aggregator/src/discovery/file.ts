/**
 * Discovery source "file": a server file that is read again whenever its content changes. A file that is broken or gone
 * keeps the last good set and says why. The folder is watched, because editors and ConfigMaps replace files.
 */
import { watch, type FSWatcher } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { readEntries } from "./read-entries.ts";
import type { DiscoveredSet, DiscoverySource } from "./source.ts";

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
  let good: DiscoveredSet = { sidecars: [], problems: [] };
  let lastText: string | undefined;
  let lastFault: string | undefined;
  let isRead = false;
  let watcher: FSWatcher | undefined;
  let timers: NodeJS.Timeout[] = [];
  let settling: NodeJS.Timeout | undefined;
  let reading = Promise.resolve();

  const createdAtOf = (key: string): string => {
    const known = firstSeen.get(key) ?? new Date(nowMs()).toISOString();
    firstSeen.set(key, known);
    return known;
  };

  const report = (fault: string | undefined, onSet: (set: DiscoveredSet) => void): void => {
    lastFault = fault;
    isRead = true;
    onSet(fault === undefined ? good : { ...good, fault });
  };

  const read = async (onSet: (set: DiscoveredSet) => void): Promise<void> => {
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      const fault = `${path} can't be read: ${error instanceof Error ? error.message : String(error)}`;
      if (fault !== lastFault) report(fault, onSet);
      return undefined;
    });
    // The same text after a fault is a change too: the file came back.
    if (text === undefined || (text === lastText && lastFault === undefined)) return;
    lastText = text;
    const entries = readEntries(text, createdAtOf);
    if (entries.ok) good = { sidecars: entries.sidecars, problems: entries.problems };
    const fault = entries.ok ? undefined : `${path}: ${entries.message}`;
    if (entries.ok || fault !== lastFault) report(fault, onSet);
  };

  return {
    name: "file",
    start: async (onSet) => {
      const readNext = (): void => {
        reading = reading.then(() => read(onSet));
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
    isSynced: () => isRead,
    stop: async () => {
      watcher?.close();
      clearTimeout(settling);
      for (const timer of timers) clearInterval(timer);
      await reading;
    },
  };
}
