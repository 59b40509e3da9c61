/**
 * Bounds what waits for clients that do not read: on one response, and on all responses of the program together. The SDK's streams keep
 * whatever is sent without an end, so every write goes through here and none is held back: what waits then stands in the response, where it can
 * be counted. Decides whose connection ends: the one behind by more than a stream may be, or whichever holds most of too much.
 */
import type { ServerResponse } from "node:http";
import { maxWaitingBytes, maxWaitingOnAllBytes } from "./older/event-stream.ts";

/** Bounds in bytes: before one more write to a response, and over all of them. */
export interface UnreadBounds {
  readonly onOne: number;
  readonly onAll: number;
}

/** What waits for all clients of a program. */
export interface Unread {
  /** Has a response counted from now on. */
  readonly watch: (res: ServerResponse) => void;
  /** What waits now, in bytes. */
  readonly waitingBytes: () => number;
}

const defaults: UnreadBounds = { onOne: maxWaitingBytes, onAll: maxWaitingOnAllBytes };

/** Creates it, empty. */
export function createUnread(bounds: UnreadBounds = defaults): Unread {
  // Only those that are behind: most responses are read as fast as they are written.
  const behind = new Set<ServerResponse>();
  const waitingBytes = (): number => [...behind].reduce((sum, { writableLength }) => sum + writableLength, 0);

  const makeRoom = (): void => {
    while (behind.size > 0 && waitingBytes() > bounds.onAll) {
      const most = [...behind].reduce((one, other) => (other.writableLength > one.writableLength ? other : one));
      behind.delete(most);
      most.destroy();
    }
  };
  const note = (res: ServerResponse): void => {
    if (res.destroyed || res.writableLength <= res.writableHighWaterMark) return;
    behind.add(res);
    makeRoom();
  };

  return {
    watch: (res) => {
      const write = res.write.bind(res) as (...given: unknown[]) => boolean;
      const end = res.end.bind(res) as (...given: unknown[]) => ServerResponse;
      res.write = (...given: unknown[]) => {
        if (res.writableLength > bounds.onOne) res.destroy();
        else if (!res.destroyed) write(...given);
        note(res);
        // Whoever would wait for the reader would keep what comes meanwhile, where nobody counts it.
        return true;
      };
      res.end = (...given: unknown[]) => {
        end(...given);
        note(res);
        return res;
      };
      res.on("drain", () => behind.delete(res));
      res.once("finish", () => behind.delete(res));
      res.once("close", () => behind.delete(res));
    },
    waitingBytes,
  };
}
