/**
 * The connections to one server: a last-in-first-out list of idle ones, so that taking one is a pop, whatever is open. Streams are
 * counted apart from calls: open streams never starve calls.
 */
import type { UpstreamCall } from "../upstream.ts";
import { isEventStream } from "../headers.ts";
import {
  openConnection,
  type Connection,
  type ConnectionOwner,
  type ConnectionSink,
  type OutgoingRequest,
  type Place,
} from "./connection.ts";

/** How many requests may be under way. */
export interface ConnectionLimits {
  readonly maxCalls: number;
  readonly maxStreams: number;
  /** The server has ended a connection that nobody used. Where this is given, one is kept until then. */
  readonly onIdleEnd?: () => void;
}

/** What a request is: a stream has no end of its own. */
export type Use = "call" | "stream";

export interface Connections {
  /** Undefined where as many of this use are under way as may be. Cost: O(1). */
  readonly send: (use: Use, request: OutgoingRequest, sink: ConnectionSink) => UpstreamCall | undefined;
  readonly inUse: () => { readonly calls: number; readonly streams: number };
  readonly close: () => void;
}

/** Idle connections end before the server's own idle time (5 s in Node and uvicorn), so that none dies under a request. */
const idleMs = 4_000;
/** What is on its way may take this much of the time that a server says; of a short time half. */
const marginMs = 1_000;
const keptMs = (said: number | undefined): number =>
  said === undefined ? idleMs : Math.min(idleMs, Math.max(said - marginMs, said / 2));
const sweepMs = 1_000;

/** One request under way: its handles must not reach the next request on the same connection. */
interface Lease {
  use: Use;
}

/** A connection; who uses it stands here and in no map of calls: those make each call live longer (see slots.ts). */
interface Held {
  readonly connection: Connection;
  lease: Lease | undefined;
  /** How long it may be idle, and since when it is. */
  keptMs: number;
  sinceMs: number;
}

/** Whether the server surely still keeps it. */
const isFresh = ({ sinceMs, keptMs }: Held, nowMs: number): boolean => nowMs - sinceMs < keptMs;

/** Creates the list; connections are opened on demand. `now`: a steady clock in ms. */
export function createConnections(place: Place, limits: ConnectionLimits, now: () => number): Connections {
  let idle: Held[] = [];
  const all = new Set<Held>();
  /** Too old for a call, kept to hear of its end. */
  let watched: Held | undefined;
  const counts = { call: 0, stream: 0 };
  const bounds = { call: limits.maxCalls, stream: limits.maxStreams };

  const ownerOf = (held: () => Held): ConnectionOwner => ({
    admit: (head) => {
      const own = held();
      const { lease } = own;
      own.keptMs = keptMs(head.idleMs);
      if (lease?.use !== "call" || !isEventStream(head.headers)) return undefined;
      if (counts.stream >= bounds.stream) return "too many streams are open to this server";
      counts.call--;
      counts.stream++;
      lease.use = "stream";
      return undefined;
    },
    onFree: (isKept) => {
      const own = held();
      free(own);
      if (isKept) {
        own.sinceMs = now();
        idle.push(own);
      } else all.delete(own);
    },
    onGone: () => {
      const own = held();
      all.delete(own);
      idle = idle.filter((each) => each !== own);
      if (watched === own) watched = undefined;
      limits.onIdleEnd?.();
    },
  });
  const free = (held: Held): void => {
    if (held.lease === undefined) return;
    counts[held.lease.use]--;
    held.lease = undefined;
  };
  const open = (): Held => {
    const held: Held = {
      connection: openConnection(
        place,
        ownerOf(() => held),
      ),
      lease: undefined,
      keptMs: idleMs,
      sinceMs: 0,
    };
    all.add(held);
    return held;
  };
  const end = (held: Held): void => {
    all.delete(held);
    held.connection.destroy();
  };
  const retire = (held: Held): void => {
    if (limits.onIdleEnd === undefined) {
      end(held);
      return;
    }
    if (watched !== undefined) end(watched);
    watched = held;
  };
  const take = (): Held => {
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
      if (last.connection.isUsable() && isFresh(last, now())) return last;
      end(last);
    }
    return open();
  };
  const sweep = setInterval(() => {
    const nowMs = now();
    for (const held of idle) if (!isFresh(held, nowMs)) retire(held);
    idle = idle.filter((held) => isFresh(held, nowMs));
  }, sweepMs);
  sweep.unref();

  return {
    send: (use, request, sink) => {
      if (counts[use] >= bounds[use]) return undefined;
      const held = request.isFresh === true ? open() : take();
      counts[use]++;
      const lease: Lease = { use };
      held.lease = lease;
      held.connection.send(request, sink);
      return {
        resume: () => {
          if (held.lease === lease) held.connection.resume();
        },
        abort: () => {
          if (held.lease !== lease) return;
          free(held);
          end(held);
        },
      };
    },
    inUse: () => ({ calls: counts.call, streams: counts.stream }),
    close: () => {
      clearInterval(sweep);
      for (const { connection } of all) connection.destroy();
      idle = [];
      watched = undefined;
      all.clear();
    },
  };
}
