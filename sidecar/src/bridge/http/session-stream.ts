/**
 * The one stream on which a session's server speaks unasked, and the messages that wait until it is open.
 * Source: MCP 2025-11-25 Streamable HTTP, "Listening for Messages from the Server".
 */
import { encodeEvent } from "@outrigger/mcp";
import { eventStreamHeaders, keepAlive } from "./answer.ts";
import type { Outlet } from "./outlet.ts";
import type { ServerMessage } from "../read-message.ts";

const maxWaiting = 64;
const maxWaitingBytes = 1_048_576;

/** The stream of one session. */
export interface SessionStream {
  readonly outlet: () => Outlet | undefined;
  /** Takes the place of the stream at once; the head and what waits follow, after the caller of `send` has its handle. */
  readonly open: (outlet: Outlet) => void;
  /** Sends a message; false where no stream is open. */
  readonly send: (message: ServerMessage) => boolean;
  /** Keeps a message for later; the oldest give way. */
  readonly keep: (message: ServerMessage) => void;
  /** Takes the server's requests out of what waits: they may go on any stream of the session. */
  readonly takeRequests: () => readonly ServerMessage[];
  readonly keepAlive: () => void;
  readonly end: () => void;
}

/** Creates a closed stream. */
export function createSessionStream(): SessionStream {
  let current: Outlet | undefined;
  let waiting: ServerMessage[] = [];
  const outlet = (): Outlet | undefined => (current?.isOpen() === true ? current : undefined);
  const send = (message: ServerMessage): boolean => {
    outlet()?.data(encodeEvent({ event: "message", data: message.bytes.toString("utf8") }));
    return outlet() !== undefined;
  };
  return {
    outlet,
    open(opened) {
      current = opened;
      queueMicrotask(() => {
        opened.head(200, eventStreamHeaders);
        for (const message of waiting.splice(0)) send(message);
      });
    },
    send,
    keep(message) {
      waiting.push(message);
      let bytes = waiting.reduce((sum, each) => sum + each.bytes.length, 0);
      while (waiting.length > maxWaiting || bytes > maxWaitingBytes) bytes -= waiting.shift()?.bytes.length ?? 0;
    },
    takeRequests() {
      const requests = waiting.filter((message) => message.type === "request");
      waiting = waiting.filter((message) => message.type !== "request");
      return requests;
    },
    keepAlive: () => outlet()?.data(keepAlive),
    end() {
      outlet()?.end();
      waiting = [];
    },
  };
}
