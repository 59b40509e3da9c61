/** Reads and replaces one file of a client: a copy of what was there is kept beside it, and nobody ever sees half of it. */
import {
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/** A file as it was found. `path` is where a link leads; `text` is undefined where there is no file. */
export interface FoundFile {
  readonly path: string;
  readonly text: string | undefined;
}

/** Reads it. Throws where something is there that can't be read as UTF-8. */
export function readClientFile(path: string): FoundFile {
  let real: string;
  try {
    real = realpathSync(path);
  } catch (error) {
    if (isMissing(error)) return { path, text: undefined };
    throw error;
  }
  return { path: real, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(real)) };
}

/**
 * Replaces it, with the rights that it had, and gives the path of the copy; undefined where there was none to keep. `nowMs` names the copy.
 * Throws where it changed since it was read, or can't be written.
 */
export function replaceClientFile({ path, text }: FoundFile, next: string, nowMs: number): string | undefined {
  if (readClientFile(path).text !== text)
    throw new Error("it was changed by somebody else meanwhile; nothing is written");
  mkdirSync(dirname(path), { recursive: true });
  const half = `${path}.outrigger-new`;
  try {
    const mode = text === undefined ? 0o600 : statSync(path).mode;
    writeFileSync(half, next, { mode, flag: "wx" });
    const copy = text === undefined ? undefined : keepCopy(path, nowMs);
    renameSync(half, path);
    return copy;
  } finally {
    rmSync(half, { force: true });
  }
}

function keepCopy(path: string, nowMs: number): string {
  const time = new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:]/g, "");
  const copy = `${path}.before-outrigger-${time}`;
  copyFileSync(path, copy, constants.COPYFILE_EXCL);
  return copy;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
