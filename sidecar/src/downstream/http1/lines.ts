/**
 * Takes what stands before a mark out of bytes that come in any pieces: heads and lines. A line feed without carriage return is told as soon
 * as it comes, since its client waits for an answer. Pure.
 */

/** What was taken, with where the bytes go on; or that more is needed, that it is too long, or that a line ends otherwise. */
export type Taken = { readonly bytes: Buffer; readonly next: number } | "more" | "long" | "bare";

/** What is looked for. `limit`: the most bytes that may stand before the mark. */
export interface Mark {
  readonly bytes: Buffer;
  readonly limit: number;
}

export interface LineTaker {
  readonly take: (mark: Mark, chunk: Buffer, at: number) => Taken;
  /** Nothing is kept of bytes that came. */
  readonly isEmpty: () => boolean;
}

const empty: Buffer = Buffer.alloc(0);
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Creates the taker of one connection. */
export function createLineTaker(): LineTaker {
  let kept = empty;
  /** Looks at all that there is of the line, of which `before` bytes came earlier. */
  const look = ({ bytes: mark, limit }: Mark, all: Buffer, before: number): Taken => {
    const end = all.indexOf(mark, Math.max(0, before - mark.length));
    if (end >= 0 && end <= limit) return { bytes: all.subarray(0, end), next: end + mark.length };
    if (hasBareLineFeed(all, Math.max(0, before - 1), Math.min(limit, all.length))) return "bare";
    return end >= 0 || all.length >= limit + mark.length ? "long" : "more";
  };
  return {
    take: (mark, chunk, at) => {
      const before = kept.length;
      const all = before === 0 ? chunk.subarray(at) : Buffer.concat([kept, chunk.subarray(at)]);
      const taken = look(mark, all, before);
      kept = taken === "more" ? (before === 0 ? Buffer.from(all) : all) : empty;
      return typeof taken === "string" ? taken : { bytes: taken.bytes, next: at + taken.next - before };
    },
    isEmpty: () => kept.length === 0,
  };
}

function hasBareLineFeed(bytes: Buffer, from: number, to: number): boolean {
  for (let at = bytes.indexOf(lineFeed, from); at >= 0 && at < to; at = bytes.indexOf(lineFeed, at + 1))
    if (bytes[at - 1] !== carriageReturn) return true;
  return false;
}
