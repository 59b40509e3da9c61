/**
 * The connections to one server: a last-in-first-out list of idle ones, so that taking one is a pop, whatever is open. Streams are
 * counted apart from calls: open streams never starve calls.
 */
import type { UpstreamCall, UpstreamSink } from "../upstream.ts";
import { isEventStream } from "../headers.ts";
import {
  openConnection,
  type Connection,
  type ConnectionOwner,
  type OutgoingRequest,
  type Place,
} from "./connection.ts";

/** How many requests may be under way. */
export interface ConnectionLimits {
  readonly maxCalls: number;
  readonly maxStreams: number;
}

/** What a request is: a stream has no end of its own. */
export type Use = "call" | "stream";

export interface Connections {
  /** Undefined where as many of this use are under way as may be. Cost: O(1). */
  readonly send: (use: Use, request: OutgoingRequest, sink: UpstreamSink) => UpstreamCall | undefined;
  readonly inUse: () => { readonly calls: number; readonly streams: number };
  readonly close: () => void;
}

/** Idle connections end before the server's own idle time (5 s in Node and uvicorn), so that none dies under a request. */
const idleMs = 4_000;
const sweepMs = 1_000;

/** One request under way: its handles must not reach the next request on the same connection. */
interface Lease {
  use: Use;
}

interface Idle {
  readonly connection: Connection;
  readonly sinceMs: number;
}

/** Creates the list; connections are opened on demand. `now`: a steady clock in ms. */
export function createConnections(place: Place, limits: ConnectionLimits, now: () => number): Connections {
  let idle: Idle[] = [];
  const busy = new Map<Connection, Lease>();
  const counts = { call: 0, stream: 0 };
  const bounds = { call: limits.maxCalls, stream: limits.maxStreams };

  const owner: ConnectionOwner = {
    admit: (connection, head) => {
      const lease = busy.get(connection);
      if (lease?.use !== "call" || !isEventStream(head.headers)) return undefined;
      if (counts.stream >= bounds.stream) return "too many streams are open to this server";
      counts.call--;
      counts.stream++;
      lease.use = "stream";
      return undefined;
    },
    onFree: (connection, isKept) => {
      free(connection);
      if (isKept) idle.push({ connection, sinceMs: now() });
    },
    onGone: (connection) => {
      idle = idle.filter((each) => each.connection !== connection);
    },
  };
  const free = (connection: Connection): void => {
    const lease = busy.get(connection);
    if (lease === undefined) return;
    busy.delete(connection);
    counts[lease.use]--;
  };
  const take = (): Connection => {
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
      if (last.connection.isUsable() && now() - last.sinceMs < idleMs) return last.connection;
      last.connection.destroy();
    }
    return openConnection(place, owner);
  };
  const sweep = setInterval(() => {
    const oldestMs = now() - idleMs;
    for (const { connection, sinceMs } of idle) if (sinceMs <= oldestMs) connection.destroy();
    idle = idle.filter(({ sinceMs }) => sinceMs > oldestMs);
  }, sweepMs);
  sweep.unref();

  return {
    send: (use, request, sink) => {
      if (counts[use] >= bounds[use]) return undefined;
      const connection = take();
      counts[use]++;
      const lease: Lease = { use };
      busy.set(connection, lease);
      connection.send(request, sink);
      return {
        resume: () => {
          if (busy.get(connection) === lease) connection.resume();
        },
        abort: () => {
          if (busy.get(connection) !== lease) return;
          free(connection);
          connection.destroy();
        },
      };
    },
    inUse: () => ({ calls: counts.call, streams: counts.stream }),
    close: () => {
      clearInterval(sweep);
      for (const { connection } of idle) connection.destroy();
      for (const connection of busy.keys()) connection.destroy();
      idle = [];
      busy.clear();
    },
  };
}
