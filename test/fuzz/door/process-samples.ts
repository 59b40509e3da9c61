/** Reads what watch-process.ts wrote about the fuzzed sidecar from within: how its loop was held up, and what its memory is made of. */
import { closeSync, openSync, readSync } from "node:fs";

/**
 * One look at the process, of the time since the one before. `delayMs`: the longest that something ready to run had to wait; `workMs`:
 * processor time of all its threads, which tells a loop that was busy from a machine that was. Memory in bytes.
 */
export interface ProcessSample {
  readonly atMs: number;
  readonly delayMs: number;
  readonly workMs: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly arrayBuffers: number;
}

/** The worst of a time: each value by itself. */
export type WorstSample = Omit<ProcessSample, "atMs">;

/** Creates the reader of one file: each call gives the worst since the call before; undefined where nothing was written meanwhile. */
export function createSampleReader(file: string): () => WorstSample | undefined {
  let at = 0;
  let rest = "";
  const readNew = (): string => {
    const buffer = Buffer.alloc(1_048_576);
    const handle = openSync(file, "r");
    try {
      const length = readSync(handle, buffer, { position: at });
      at += length;
      return buffer.toString("latin1", 0, length);
    } finally {
      closeSync(handle);
    }
  };
  return () => {
    const lines = (rest + readNew()).split("\n");
    rest = lines.pop() ?? "";
    // Written by watch-process.ts.
    return lines.map((line) => JSON.parse(line) as ProcessSample).reduce<WorstSample | undefined>(worse, undefined);
  };
}

/** The delay that counts is the one that was work: a machine that is busy with other things delays everybody. */
function worse(worst: WorstSample | undefined, sample: ProcessSample): WorstSample {
  const workMs = Math.min(sample.delayMs, sample.workMs);
  if (worst === undefined) return { ...sample, workMs };
  return {
    delayMs: Math.max(worst.delayMs, sample.delayMs),
    workMs: Math.max(worst.workMs, workMs),
    heapUsed: Math.max(worst.heapUsed, sample.heapUsed),
    heapTotal: Math.max(worst.heapTotal, sample.heapTotal),
    arrayBuffers: Math.max(worst.arrayBuffers, sample.arrayBuffers),
  };
}
