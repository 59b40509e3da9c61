/** Reads a server's stdout line by line, and stops while somebody behind cannot take more. What a line means is decided elsewhere. */
import type { Readable } from "node:stream";
import { createLineSplitter } from "@outrigger/mcp";

/** The way out of a server. */
export interface Output {
  /** Stops lines and reading until every holder has released; a holder counts once. */
  readonly hold: (holder: object) => void;
  readonly release: (holder: object) => void;
  /** Forgets all holders, for a server whose last lines must come out now. */
  readonly releaseAll: () => void;
  /** Lets no line out any more; reading goes on, so that the server can end. */
  readonly close: () => void;
}

/** Creates the reader. `onOverflow` is called once, for a line of more than `maxLineBytes`; after it no line comes. */
export function createOutput(
  stream: Readable,
  options: {
    readonly maxLineBytes: number;
    readonly onLine: (line: Buffer) => void;
    readonly onOverflow: () => void;
  },
): Output {
  const splitter = createLineSplitter({ maxLineBytes: options.maxLineBytes });
  const holders = new Set<object>();
  /** Lines of one chunk that came in before the hold: bounded by the chunk and one line. */
  const held: Buffer[] = [];
  let isOpen = true;
  let isDraining = false;

  const drain = (): void => {
    // A release during a line goes on when that line is done, so that lines stay in order.
    if (isDraining) return;
    isDraining = true;
    while (isOpen && holders.size === 0) {
      const line = held.shift();
      if (line === undefined) break;
      options.onLine(line);
    }
    isDraining = false;
    if (!isOpen || holders.size === 0) stream.resume();
  };
  const close = (): void => {
    isOpen = false;
    held.length = 0;
    drain();
  };
  stream.on("data", (chunk: Buffer) => {
    if (!isOpen) return;
    const { lines, overflow } = splitter.push(chunk);
    held.push(...lines);
    drain();
    if (!overflow) return;
    close();
    options.onOverflow();
  });
  return {
    hold(holder) {
      holders.add(holder);
      stream.pause();
    },
    release(holder) {
      if (holders.delete(holder)) drain();
    },
    releaseAll() {
      holders.clear();
      drain();
    },
    close,
  };
}
