/**
 * The readers of the feed: each gets the state of now and then every change. It decides how many there may be and who is too slow;
 * what the state says is decided by its publisher.
 */
import { feedEvent, type FeedState } from "@outrigger/api/feed";
import { encodeEvent } from "@outrigger/mcp";
import type { FeedSource } from "../catalog/publish.ts";
import type { Visit } from "../downstream/visit.ts";

const keepAliveMs = 15_000;
const keepAlive = Buffer.from(": keep-alive\n\n");
/** A state is a few KiB: who leaves so much unread is gone or asleep, and gets the state of then when it comes back. */
const maxUnreadBytes = 1_048_576;

/** The readers of one feed. */
export interface FeedReaders {
  /** Serves the stream to a visit that has no answer yet; false where there are too many readers. */
  readonly add: (visit: Visit) => boolean;
  readonly count: () => number;
  /** Ends all streams. */
  readonly close: () => void;
}

/** Starts to serve a feed. Source: HTML standard, server-sent events. */
export function createFeedReaders(source: FeedSource, maxReaders: number): FeedReaders {
  const readers = new Set<Visit>();
  const send = (reader: Visit, chunk: Buffer): void => {
    if (reader.channel.unreadBytes(reader) > maxUnreadBytes) reader.channel.destroy(reader);
    else reader.channel.write(reader, chunk);
  };
  const encode = (state: FeedState): Buffer => encodeEvent({ event: feedEvent, data: JSON.stringify(state) });
  const unsubscribe = source.subscribe((state) => {
    const event = encode(state);
    for (const reader of readers) send(reader, event);
  });
  const timer = setInterval(() => {
    for (const reader of readers) send(reader, keepAlive);
  }, keepAliveMs);
  timer.unref();
  return {
    add(visit) {
      if (readers.size >= maxReaders) return false;
      readers.add(visit);
      visit.channel.onOver(visit, () => readers.delete(visit));
      const headers = ["content-type", "text/event-stream", "cache-control", "no-cache"];
      visit.channel.head(visit, { status: 200, headers, isLast: false });
      send(visit, encode(source.current()));
      return true;
    },
    count: () => readers.size,
    close() {
      clearInterval(timer);
      unsubscribe();
      for (const reader of [...readers]) reader.channel.end(reader);
    },
  };
}
