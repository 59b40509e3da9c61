/**
 * What answers HTTP requests on one or more addresses, with the same limits on each. It is node:http and nothing on top: every pod
 * pays for what is loaded here, see docs/adr/0024. What a request gets is decided by the handler.
 */
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";

/** Where to listen. Port 0 takes any free port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What an app is made of. */
export interface HttpAppOptions {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Limits of every listener; the others are Node's. */
  readonly limits?: ServerOptions;
  /** Ends what goes on by itself, such as streams, before the connections are ended. */
  readonly beforeClose?: () => void;
}

/** An app that may listen. */
export interface HttpApp {
  /** The first listener. */
  readonly server: Server;
  /** Binds one more address and gives its origin; rejects with the system's error. `guard` hears of the listener before that. */
  readonly listen: (address: Address, guard?: (server: Server) => void) => Promise<string>;
  /** Ends the connections that nobody waits on; an answer that is still being written may be cut. */
  readonly closeIdle: () => void;
  /** Ends listeners and connections at once: streams have been given their time before. */
  readonly close: () => Promise<void>;
}

/** Above the time for which those who ask keep a connection, so that none is ended under a request. */
const keepAliveTimeout = 72_000;

/** Creates the app; it does not listen yet. */
export function createHttpApp({ handle, limits, beforeClose }: HttpAppOptions): HttpApp {
  const create = (): Server => createServer({ keepAliveTimeout, ...limits }, handle);
  const server = create();
  const bound: Server[] = [];
  let next: Server | undefined = server;
  return {
    server,
    listen: async (address, guard) => {
      const listener = next ?? create();
      next = undefined;
      guard?.(listener);
      await bind(listener, address);
      bound.push(listener);
      return originOf(listener);
    },
    closeIdle: () => {
      for (const listener of bound) listener.closeIdleConnections();
    },
    close: async () => {
      beforeClose?.();
      await Promise.all(bound.splice(0).map(end));
    },
  };
}

function bind(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...address, ipv6Only: address.host.includes(":") }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function originOf(server: Server): string {
  const at = server.address();
  // A listener on TCP has an address object.
  if (at === null || typeof at === "string") throw new Error("the listener is on no port");
  return `http://${at.family === "IPv6" ? `[${at.address}]` : at.address}:${at.port}`;
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
