/** Counts the bytes of the event that is under way in a stream, without reading it: an event ends at an empty line. */

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** A meter of one stream. */
export interface EventMeter {
  /** Adds a chunk; the largest number of bytes that one event had in it, up to now. */
  readonly add: (chunk: Buffer) => number;
}

/** Creates a meter. Cost: one backwards and one forwards search per chunk. */
export function createEventMeter(): EventMeter {
  let pending = 0;
  let endedLine = false;
  return {
    add: (chunk) => {
      const first = findEmptyLine(chunk, endedLine);
      const last = first < 0 ? -1 : findLastEmptyLine(chunk, first);
      const largest = pending + (first < 0 ? chunk.length : first);
      pending = first < 0 ? largest : chunk.length - last;
      const tail = chunk[chunk.length - 1];
      endedLine = tail === lineFeed || tail === carriageReturn;
      return Math.max(largest, pending, last - first);
    },
  };
}

/** Offset behind the first empty line, or -1. `endedLine`: the chunk before ended with a line end. */
function findEmptyLine(chunk: Buffer, endedLine: boolean): number {
  if (endedLine && (chunk[0] === lineFeed || (chunk[0] === carriageReturn && chunk[1] === lineFeed))) return 1;
  const offsets = separators.map((separator) => chunk.indexOf(separator)).filter((offset) => offset >= 0);
  return offsets.length === 0 ? -1 : Math.min(...offsets) + 2;
}

function findLastEmptyLine(chunk: Buffer, atLeast: number): number {
  return Math.max(atLeast, ...separators.map((separator) => chunk.lastIndexOf(separator) + separator.length));
}

const separators = ["\n\n", "\r\n\r\n", "\r\r"].map((text) => Buffer.from(text));
