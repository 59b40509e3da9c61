/** Watches one file by its folder (editors and the kubelet replace files by renaming) and reports its text when it changed. */
import { readFile } from "node:fs/promises";
import { watch } from "node:fs";
import { dirname } from "node:path";

/** A running watch. */
export interface FileWatch {
  readonly close: () => void;
}

/** Some file systems report nothing: the file is read again this often in any case. */
const pollMs = 10_000;

/** Calls `onText` with each new text; a file that can't be read right now is left for the next event or poll. */
export function watchFile(path: string, first: string, onText: (text: string) => void): FileWatch {
  let last = first;
  let closed = false;
  const check = async (): Promise<void> => {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (closed || text === undefined || text === last) return;
    last = text;
    onText(text);
  };
  const watcher = watch(dirname(path), () => void check());
  watcher.on("error", () => undefined);
  const timer = setInterval(() => void check(), pollMs);
  timer.unref();
  return {
    close: () => {
      closed = true;
      watcher.close();
      clearInterval(timer);
    },
  };
}
