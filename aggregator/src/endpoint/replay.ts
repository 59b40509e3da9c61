/**
 * What was sent on the streams of sessions, so that a client whose connection broke reads on where it was. Decides what is kept: small
 * messages, the newest, for all sessions of an endpoint together no more than a bound. Source: MCP 2025-11-25 basic/transports, "Resumability".
 */
import type { EventStore, JSONRPCMessage } from "@modelcontextprotocol/server";

/** What was sent on streams of all sessions. */
export interface Replay {
  /** The events of one session, for its transport. */
  readonly of: (sessionId: string) => SessionEvents;
}

/** The events of one session. */
export interface SessionEvents {
  readonly store: EventStore;
  /**
   * What can be done after this event: `replay` what came since, open a `fresh` stream for news because only news were missed, or nothing,
   * since an answer was `lost`.
   */
  readonly judge: (lastEventId: string) => "replay" | "fresh" | "lost";
  readonly clear: () => void;
}

/** Sizes as {@link estimateBytes} has them. */
export interface ReplayBounds {
  readonly maxBytes: number;
  /** Of one message; a larger one is sent and not kept. */
  readonly maxMessageBytes: number;
}

interface Kept {
  readonly streamId: string;
  readonly message: JSONRPCMessage;
  readonly bytes: number;
}

const defaults: ReplayBounds = { maxBytes: 32 * 1024 ** 2, maxMessageBytes: 64 * 1024 };
/** The SDK names the streams of requests so, and the one for news by a word. */
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Marks an event on the stream for news. */
const news = "n";

/** Creates it, empty. */
export function createReplay(bounds: ReplayBounds = defaults): Replay {
  // In the order of their coming: ids of events count up through all sessions.
  const order = new Map<string, Map<string, Kept>>();
  let bytes = 0;
  let count = 0;

  const drop = (id: string): void => {
    const events = order.get(id);
    bytes -= events?.get(id)?.bytes ?? 0;
    events?.delete(id);
    order.delete(id);
  };
  const keep = (events: Map<string, Kept>, id: string, kept: Kept): void => {
    events.set(id, kept);
    order.set(id, events);
    bytes += kept.bytes;
    for (const oldest of order.keys()) {
      if (bytes <= bounds.maxBytes) break;
      drop(oldest);
    }
  };

  return {
    of: (sessionId) => {
      const events = new Map<string, Kept>();
      const numberOf = (id: string): number => Number.parseInt(id.slice(1), 36);
      const store: EventStore = {
        storeEvent: (streamId, message) => {
          const id = `${uuid.test(streamId) ? "r" : news}${(++count).toString(36)}-${sessionId.slice(0, 8)}`;
          const size = estimateBytes(message, bounds.maxMessageBytes);
          if (size <= bounds.maxMessageBytes) keep(events, id, { streamId, message, bytes: size });
          // Over a message that is not there nothing is replayed.
          else for (const [each, kept] of [...events]) if (kept.streamId === streamId) drop(each);
          return Promise.resolve(id);
        },
        getStreamIdForEventId: (id) => Promise.resolve(events.get(id)?.streamId),
        replayEventsAfter: async (id, { send }) => {
          const streamId = events.get(id)?.streamId ?? "";
          const later = [...events].filter(
            ([each, kept]) => kept.streamId === streamId && numberOf(each) > numberOf(id),
          );
          for (const [each, { message }] of later) await send(each, message);
          return streamId;
        },
      };
      return {
        store,
        judge: (id) => {
          if (events.has(id)) return "replay";
          return id.startsWith(news) ? "fresh" : "lost";
        },
        clear: () => {
          for (const id of [...events.keys()]) drop(id);
        },
      };
    },
  };
}

/** About how much memory a message holds, counted no further than `limit`. Pure. */
export function estimateBytes(message: unknown, limit: number): number {
  const open: unknown[] = [message];
  let size = 0;
  while (open.length > 0 && size <= limit) {
    const value = open.pop();
    size += 16;
    if (typeof value === "string") size += value.length;
    else if (typeof value === "object" && value !== null) {
      const members: readonly unknown[] = Object.values(value);
      // A long list is over the limit whatever it holds.
      size += members.length * 16;
      if (size <= limit) open.push(...members);
    }
  }
  return size;
}
