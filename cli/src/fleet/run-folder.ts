/**
 * A private folder for the files that we generate for our programs while they run. It is removed at the end; a folder that a
 * killed run left behind is removed by the next run, because its name holds the process id of its owner.
 */
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const prefix = "outrigger-up-";

/** The folder of this run. `write` replaces a file as a whole, so that a reader never sees half of it. */
export interface RunFolder {
  readonly path: string;
  readonly write: (name: string, text: string) => string;
  readonly removeFile: (name: string) => void;
  readonly remove: () => void;
}

/** Creates the folder of process `pid` under `parent`, readable by this user only. */
export function createRunFolder(parent: string, pid: number): RunFolder {
  const path = mkdtempSync(join(parent, `${prefix}${pid}-`));
  return {
    path,
    write: (name, text) => {
      const file = join(path, name);
      writeFileSync(`${file}.new`, text, { mode: 0o600 });
      renameSync(`${file}.new`, file);
      return file;
    },
    removeFile: (name) => rmSync(join(path, name), { force: true }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Removes the folders of runs that are no more. Returns their names. */
export function sweepRunFolders(parent: string, isAlive: (pid: number) => boolean): string[] {
  const owned = readdirSync(parent).flatMap((name) => {
    const pid = /^outrigger-up-([0-9]+)-/.exec(name)?.[1];
    return pid === undefined || isAlive(Number(pid)) ? [] : [name];
  });
  return owned.filter((name) => {
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
      return true;
    } catch {
      // The folder of another user: theirs to remove.
      return false;
    }
  });
}

/** Whether a process exists, whoever it belongs to. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
