/** Writes lines to a server's stdin in order, bounded, never faster than the server reads. */
import type { Writable } from "node:stream";
import type { QueuedMessage } from "../../bridge/link.ts";

/** The way into a server. */
export interface Input {
  /** Queues a line; undefined where the queue is full or closed. A line always fits into an empty queue. */
  readonly write: (line: Buffer) => QueuedMessage | undefined;
  /** Forgets what waits and tells the server that no more comes. */
  readonly close: () => void;
}

interface Entry {
  readonly line: Buffer;
  state: "waiting" | "written" | "dropped";
}

/** Creates the queue. `maxBytes` bounds what waits, the stream's own buffer included. */
export function createInput(stream: Writable, maxBytes: number): Input {
  const waiting: Entry[] = [];
  let waitingBytes = 0;
  let isOpen = true;
  let isBlocked = false;

  const forget = (entry: Entry, state: "written" | "dropped"): void => {
    entry.state = state;
    waitingBytes -= entry.line.length;
  };
  const flush = (): void => {
    while (isOpen && !isBlocked) {
      const entry = waiting.shift();
      if (entry === undefined) return;
      if (entry.state === "dropped") continue;
      forget(entry, "written");
      isBlocked = !stream.write(entry.line);
    }
  };
  stream.on("drain", () => {
    isBlocked = false;
    flush();
  });

  return {
    write(line) {
      const held = waitingBytes + stream.writableLength;
      if (!isOpen || (held > 0 && held + line.length > maxBytes)) return undefined;
      const entry: Entry = { line, state: "waiting" };
      waiting.push(entry);
      waitingBytes += line.length;
      flush();
      return {
        isWritten: () => entry.state === "written",
        drop: () => {
          if (entry.state === "waiting") forget(entry, "dropped");
          return entry.state === "dropped";
        },
      };
    },
    close() {
      isOpen = false;
      waiting.length = 0;
      waitingBytes = 0;
      stream.end();
    },
  };
}
