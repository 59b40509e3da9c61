/**
 * The stream of one client of the older transport: its endpoint first, then messages as events, comments while it is quiet. It knows
 * how far behind its reader is. Which message goes on it is decided elsewhere.
 */
import { encodeEvent } from "@outrigger/mcp";
import { eventStreamHeaders, keepAlive } from "../bridge/http/answer.ts";
import type { ClientSide } from "../call/client-side.ts";
import { streamEnds } from "../streams/messages.ts";

/** A comment so often keeps a quiet stream open; a reader that stands still for so long loses it. In ms. */
const keepAliveMs = 15_000;
const maxStallMs = 30_000;

/** An open stream. */
export interface EventStream {
  readonly isOpen: () => boolean;
  /** False asks to pause until the reader has caught up. */
  readonly send: (json: Buffer) => boolean;
  /** The reader has caught up. */
  readonly drained: () => void;
  readonly end: () => void;
  /** What time does to it; false where its reader has stood still for too long, and the stream is over. */
  readonly tend: (nowMs: number) => boolean;
}

/** Opens the stream. `endpoint`: where the client posts. */
export function openEventStream(
  client: ClientSide,
  { endpoint, now }: { readonly endpoint: string; readonly now: () => number },
): EventStream {
  let isOpen = true;
  let writtenAtMs = now();
  let behindSinceMs: number | undefined;
  const write = (chunk: Buffer): boolean => {
    if (!isOpen) return true;
    writtenAtMs = now();
    if (!client.write(chunk)) behindSinceMs ??= now();
    return behindSinceMs === undefined;
  };
  client.head(200, eventStreamHeaders, { flush: true });
  write(encodeEvent({ event: "endpoint", data: endpoint }));
  return {
    isOpen: () => isOpen && !client.isGone(),
    send: (json) => write(encodeEvent({ event: "message", data: json.toString("utf8") })),
    drained() {
      behindSinceMs = undefined;
    },
    end() {
      if (isOpen) {
        client.write(streamEnds);
        client.end();
      }
      isOpen = false;
    },
    tend(nowMs) {
      if (behindSinceMs !== undefined && nowMs - behindSinceMs > maxStallMs) {
        isOpen = false;
        client.destroy();
        return false;
      }
      if (behindSinceMs === undefined && nowMs - writtenAtMs >= keepAliveMs) write(keepAlive);
      return true;
    },
  };
}
