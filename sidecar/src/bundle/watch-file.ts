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

/** A file that is being written in place is read again after this long, until it has stopped to change. */
const settleMs = 100;

/** Calls `onText` with each new text; a file that can't be read right now is left for the next event or poll. */
export function watchFile(path: string, first: string, onText: (text: string) => void): FileWatch {
  let last = first;
  let pending: string | undefined;
  let settling: NodeJS.Timeout | undefined;
  let closed = false;
  const check = async (): Promise<void> => {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (closed || text === undefined) return;
    if (text === last) pending = undefined;
    else if (text === pending) {
      last = text;
      pending = undefined;
      onText(text);
    } else {
      pending = text;
      clearTimeout(settling);
      settling = setTimeout(() => void check(), settleMs);
    }
  };
  const onEvent = (): void => {
    if (pending === undefined) void check();
  };
  const watcher = watch(dirname(path), onEvent);
  watcher.on("error", () => undefined);
  const timer = setInterval(onEvent, pollMs);
  timer.unref();
  return {
    close: () => {
      closed = true;
      watcher.close();
      clearInterval(timer);
      clearTimeout(settling);
    },
  };
}
