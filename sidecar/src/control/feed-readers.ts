/**
 * The readers of the feed: each gets the state of now and then every change. It decides how many there may be and who is too slow;
 * what the state says is decided by its publisher.
 */
import type { ServerResponse } from "node:http";
import { feedEvent, type FeedState } from "@outrigger/api/feed";
import { encodeEvent } from "@outrigger/mcp";
import type { FeedSource } from "../catalog/publish.ts";

const keepAliveMs = 15_000;
const keepAlive = ": keep-alive\n\n";
/** A state is a few KiB: who leaves so much unread is gone or asleep, and gets the state of then when it comes back. */
const maxUnreadBytes = 1_048_576;

/** The readers of one feed. */
export interface FeedReaders {
  /** Serves the stream on a response whose head is not written yet; false where there are too many readers. */
  readonly add: (response: ServerResponse) => boolean;
  readonly count: () => number;
  /** Ends all streams. */
  readonly close: () => void;
}

/** Starts to serve a feed. Source: HTML standard, server-sent events. */
export function createFeedReaders(source: FeedSource, maxReaders: number): FeedReaders {
  const readers = new Set<ServerResponse>();
  const send = (reader: ServerResponse, chunk: string | Buffer): void => {
    if (reader.writableLength > maxUnreadBytes) reader.destroy();
    else reader.write(chunk);
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
    add(response) {
      if (readers.size >= maxReaders) return false;
      readers.add(response);
      response.on("close", () => readers.delete(response));
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
      send(response, encode(source.current()));
      return true;
    },
    count: () => readers.size,
    close() {
      clearInterval(timer);
      unsubscribe();
      for (const reader of readers) reader.end();
    },
  };
}
