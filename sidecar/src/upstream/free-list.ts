/**
 * A last-in-first-out list of idle HTTP clients, one connection each: taking one is a pop, whatever is open.
 * Streams are counted apart from calls, so that open streams never starve calls. (undici's Pool scans its connections.)
 */
import { Client } from "undici";

/** How many connections may be under way. */
export interface ConnectionLimits {
  readonly maxCalls: number;
  readonly maxStreams: number;
}

/** What a connection is used for: a stream has no end of its own. */
export type Use = "call" | "stream";

/** A connection in use. Exactly one of `giveBack` and `discard` ends the lease. */
export interface Lease {
  readonly client: Client;
  /** Counts the connection as a stream from now on; false where no stream may be added. */
  readonly becomeStream: () => boolean;
  readonly giveBack: () => void;
  readonly discard: () => void;
}

export interface FreeList {
  /** A lease, or undefined where the limit for this use is reached. Cost: O(1). */
  readonly take: (use: Use) => Lease | undefined;
  readonly inUse: () => { readonly calls: number; readonly streams: number };
  readonly close: () => Promise<void>;
}

/** Idle connections end before the server's own idle time (5 s in Node and uvicorn), so that none dies under a request. */
const idleMs = 4_000;

/** Creates the list for one origin such as `http://127.0.0.1:8080`. Connections are opened on demand. */
export function createFreeList(origin: string, limits: ConnectionLimits): FreeList {
  const idle: Client[] = [];
  const open = new Set<Client>();
  const counts = { call: 0, stream: 0 };
  const bounds = { call: limits.maxCalls, stream: limits.maxStreams };

  const create = (): Client => {
    const client = new Client(origin, {
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      connectTimeout: 5_000,
      pipelining: 1,
    });
    open.add(client);
    return client;
  };
  const lease = (client: Client, first: Use): Lease => {
    let use = first;
    let ended = false;
    const end = (): boolean => {
      if (ended) return false;
      ended = true;
      counts[use]--;
      return true;
    };
    return {
      client,
      becomeStream: () => {
        if (use === "stream") return true;
        if (counts.stream >= bounds.stream) return false;
        counts.call--;
        counts.stream++;
        use = "stream";
        return true;
      },
      giveBack: () => {
        if (end()) idle.push(client);
      },
      discard: () => {
        if (!end()) return;
        open.delete(client);
        void client.destroy();
      },
    };
  };
  return {
    take: (use) => {
      if (counts[use] >= bounds[use]) return undefined;
      counts[use]++;
      return lease(idle.pop() ?? create(), use);
    },
    inUse: () => ({ calls: counts.call, streams: counts.stream }),
    close: async () => {
      await Promise.all([...open].map((client) => client.destroy()));
      open.clear();
      idle.length = 0;
    },
  };
}
