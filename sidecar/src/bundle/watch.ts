/**
 * Watches the files of one folder and tells their texts when they changed and stand still. First stage: watch -> verify -> compile -> swap.
 * Editors replace files by renaming; the kubelet swaps the link `..data`, so that all files of a volume change at once.
 */
import { watch, type FSWatcher } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { createSettling, type Texts } from "./settle.ts";

/** The files that are looked at, by name. */
export interface WatchedFolder {
  readonly folder: string;
  readonly files: readonly string[];
}

/** A running watch. */
export interface FolderWatch {
  readonly close: () => void;
}

/** Some file systems report nothing, and watches can run out: the files are read again this often in any case. */
const pollMs = 10_000;

/** Files that are being written are read again after this long, until they have stopped to change. */
const settleMs = 100;

/** A volume that is swapped during each of so many attempts is read at the next event. */
const maxAttempts = 5;

/** Reads the files as they stood together. `unreadable`: why those without an entry could not be read. */
export async function readTexts({
  folder,
  files,
}: WatchedFolder): Promise<{ readonly texts: Texts; readonly unreadable: readonly string[] }> {
  let read = await readAll(await findRoot(folder), files);
  for (let attempt = 1; attempt < maxAttempts; attempt++) {
    const root = await findRoot(folder);
    if (root === read.root) break;
    read = await readAll(root, files);
  }
  return read;
}

/** The folder that a volume's link leads to now, so that files of two states are never mixed. */
function findRoot(folder: string): Promise<string> {
  return realpath(join(folder, "..data")).catch(() => folder);
}

async function readAll(root: string, files: readonly string[]) {
  const texts = new Map<string, string>();
  const unreadable: string[] = [];
  for (const file of files) {
    try {
      texts.set(file, await readFile(join(root, file), "utf8"));
    } catch (error) {
      unreadable.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { root, texts, unreadable };
}

/**
 * Calls `onTexts` with the texts of all files whenever one differs from what was told last, `first` to begin with; one call at a time.
 * What changed since `first` was read is told as well.
 */
export function watchFolder(
  watched: WatchedFolder,
  first: Texts,
  onTexts: (texts: Texts) => Promise<void>,
): FolderWatch {
  const read = async (): Promise<Texts> => (await readTexts(watched)).texts;
  const settling = createSettling({ first, read, onTexts, settleMs });
  const watcher = openWatcher(watched.folder, settling.look);
  const timer = setInterval(settling.look, pollMs).unref();
  settling.look();
  return {
    close: () => {
      watcher?.close();
      clearInterval(timer);
      settling.close();
    },
  };
}

/** Without a watcher the poll is left; that is slower and as safe. */
function openWatcher(folder: string, onEvent: () => void): FSWatcher | undefined {
  try {
    return watch(folder, onEvent).on("error", () => undefined);
  } catch {
    return undefined;
  }
}
