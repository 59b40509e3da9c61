/**
 * Where audit lines go: standard output, or a file that others may rotate. It decides how much goes into one write, when a file is
 * opened anew and when its bytes are forced to the disk.
 */
import { write as writeTo } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { hashLine, noLine } from "./audit-chain.ts";

/** A place that bytes of lines are written to by one writer. */
export interface AuditSink {
  /** Hash of the line that stands last there, for the chain to go on from. */
  readonly previous: string;
  /** Lines of one write have at most so many bytes together. */
  readonly pieceBytes: number;
  /** Writes from the beginning of `bytes` and resolves to how many were written, at least one. Rejects where none could be. */
  readonly write: (bytes: Buffer) => Promise<number>;
  readonly close: () => Promise<void>;
}

/**
 * The sink of a descriptor that is shared with the program's log. A pipe takes 4,096 bytes in one piece (pipe(7), PIPE_BUF): a longer
 * write could end up with a line of the log in its middle.
 */
export function createStdoutSink(descriptor: number): AuditSink {
  return {
    previous: noLine,
    pieceBytes: 4_096,
    // Not the synchronous write of the log: a reader that stops must not stop the calls.
    write: (bytes) =>
      new Promise((resolve, reject) => {
        writeTo(descriptor, bytes, (error, written) => (error === null ? resolve(written) : reject(error)));
      }),
    close: () => Promise.resolve(),
  };
}

/** How often a file is forced to the disk, and looked at whether it was moved away, in ms. */
const upkeepMs = 1_000;

/**
 * Opens a file for appending; the chain goes on from its last line. When it was moved away, a file of the same name takes the next
 * lines. Errors: rejects where the file can't be opened or read.
 */
export async function openFileSink(path: string, now: () => number): Promise<AuditSink> {
  const last = await readLastLine(path);
  let file = await open(path, "a", 0o600);
  let lookedMs = now();
  let isWholeLine = true;
  let isDirty = false;
  // A line that a crash cut stays as it is, on a line of its own.
  if (last.isCut) await file.write("\n");
  // A pipe or a device has nothing to be forced, and is not rotated.
  const isRegular = (await file.stat()).isFile();
  const force = async (): Promise<void> => {
    if (!isDirty || !isRegular) return;
    isDirty = false;
    await file.datasync();
  };
  const keepUp = async (): Promise<void> => {
    lookedMs = now();
    await force();
    if (!isRegular || (await isSameFile(file, path))) return;
    const next = await open(path, "a", 0o600);
    await file.close();
    file = next;
  };
  const timer = setInterval(() => void force().catch(() => (isDirty = true)), upkeepMs);
  timer.unref();
  return {
    previous: last.text === undefined ? noLine : hashLine(last.text),
    pieceBytes: 256 * 1024,
    write: async (bytes) => {
      if (isWholeLine && now() - lookedMs >= upkeepMs) await keepUp();
      const { bytesWritten } = await file.write(bytes);
      isDirty = true;
      isWholeLine = bytes[bytesWritten - 1] === 0x0a;
      return bytesWritten;
    },
    close: async () => {
      clearInterval(timer);
      await force();
      await file.close();
    },
  };
}

async function isSameFile(file: FileHandle, path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  const own = await file.stat();
  return there !== undefined && there.ino === own.ino && there.dev === own.dev;
}

/** The longest line that is looked for at the end of a file, in bytes: a line holds at most two texts of 16 KiB, escaped. */
const maxLineBytes = 512 * 1024;

async function readLastLine(path: string): Promise<{ readonly text: string | undefined; readonly isCut: boolean }> {
  const file = await open(path, "a+", 0o600);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, maxLineBytes);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString("utf8").split("\n");
    const isCut = lines.at(-1) !== "";
    if (!isCut) lines.pop();
    return { text: lines.at(-1), isCut: size > 0 && isCut };
  } finally {
    await file.close();
  }
}
