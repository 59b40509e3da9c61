/**
 * What answers HTTP/1.1 on one or more addresses: which connections are let in, and that all of them are tended and ended. What a request
 * gets is decided by the handler. Before: connection.ts.
 */
import { createServer, type Server, type Socket } from "node:net";
import { bind, originOf, type Address } from "../../bind.ts";
import { openConnection, type Connection, type ConnectionDeps } from "./connection.ts";
import type { ConnectionTimes } from "./patience.ts";
import type { Visit } from "../visit.ts";

/** Says who may connect, and hears what becomes of connections. */
export interface ConnectionGuard {
  readonly times: ConnectionTimes;
  /** The last words for a connection that is one too many; undefined lets it in. */
  readonly enter: (peer: string) => string | undefined;
  readonly leave: (peer: string) => void;
  readonly onSlow: ConnectionDeps["onSlow"];
}

/** Who keeps count of what is under way. */
export interface TrafficWatch {
  /** A connection has come; gives what is to be called when it has gone. */
  readonly onConnection: (connection: Connection) => () => void;
  readonly onArrival: () => void;
  readonly onLeave: () => void;
}

/** What a server is made of. `now`: a steady clock in ms. */
export interface HttpServerOptions {
  readonly handle: (visit: Visit) => void;
  readonly guard?: ConnectionGuard;
  readonly traffic?: TrafficWatch;
  readonly now: () => number;
  /** Ends what goes on by itself, such as streams, before the connections are ended. */
  readonly beforeClose?: () => void;
}

/** A server that may listen. */
export interface HttpServer {
  /** The first listener. */
  readonly server: Server;
  /** Binds one more address and gives its origin; rejects with the system's error. */
  readonly listen: (address: Address) => Promise<string>;
  /** Ends the connections that nobody waits on. */
  readonly closeIdle: () => void;
  /** Ends listeners and connections at once. */
  readonly close: () => Promise<void>;
}

/** How often slow requests are looked for, in ms. */
const checkMs = 1_000;

/** Lets everybody in. */
const openGuard: ConnectionGuard = {
  times: { headerMs: 60_000, requestMs: 60_000, readerMs: 0 },
  enter: () => undefined,
  leave: () => undefined,
  onSlow: () => undefined,
};

const nobody: TrafficWatch = {
  onConnection: () => () => undefined,
  onArrival: () => undefined,
  onLeave: () => undefined,
};

/** Creates the server; it does not listen yet. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { handle, guard = openGuard, traffic = nobody, now } = options;
  const connections = new Set<Connection>();
  const memory: ConnectionDeps["memory"] = { last: undefined };
  const { onArrival, onLeave } = traffic;
  const deps: ConnectionDeps = { handle, times: guard.times, memory, now, onSlow: guard.onSlow, onArrival, onLeave };
  let sweep: NodeJS.Timeout | undefined;

  const accept = (socket: Socket): void => {
    const peer = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
    const refusal = guard.enter(peer);
    if (refusal !== undefined) {
      socket.on("error", () => undefined);
      socket.write(refusal);
      socket.destroySoon();
      return;
    }
    const connection = openConnection(socket, deps);
    connections.add(connection);
    const forget = traffic.onConnection(connection);
    socket.once("close", () => {
      connections.delete(connection);
      forget();
      guard.leave(peer);
    });
  };
  const tendAll = (): void => {
    const nowMs = now();
    for (const connection of connections) connection.tend(nowMs);
    if (connections.size === 0) memory.last = undefined;
  };
  const create = (): Server => createServer({ allowHalfOpen: true, noDelay: true }, accept);
  const server = create();
  const bound: Server[] = [];
  let next: Server | undefined = server;
  return {
    server,
    listen: async (address) => {
      const listener = next ?? create();
      next = undefined;
      await bind(listener, address);
      sweep ??= setInterval(tendAll, checkMs).unref();
      bound.push(listener);
      return originOf(listener);
    },
    closeIdle: () => {
      for (const connection of connections) if (connection.isIdle()) connection.destroy();
    },
    close: async () => {
      options.beforeClose?.();
      clearInterval(sweep);
      const ended = bound.splice(0).map(end);
      for (const connection of connections) connection.destroy();
      await Promise.all(ended);
    },
  };
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
