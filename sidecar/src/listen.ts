/**
 * Binds an app to every address that it is to be reached at. In a pod these are the pod's own addresses, one by one:
 * a wildcard would be the server's where the two share a port number.
 */
import { createServer, type Server } from "node:http";
import type { FastifyInstance } from "fastify";
import { checkMs } from "./intake/connections.ts";

/** One address to bind. Port 0 takes any free port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Which setting an address came from, for the message when it can't be bound. */
export interface Listener {
  readonly app: FastifyInstance;
  readonly addresses: readonly Address[];
  readonly flag: string;
  /** Hears of every listener before it is bound. */
  readonly guard?: (server: Server) => void;
}

/** `closeIdle` ends the connections that nobody waits on; an answer that is still being written may be cut. */
export type Bound =
  | { readonly ok: true; readonly port: number; readonly closeIdle: () => void }
  | { readonly ok: false; readonly code: "OUTRIGGER_ERR_PORT_TAKEN"; readonly message: string };

/** Words that stand for addresses known only inside the pod. */
export interface PodAddresses {
  readonly podIps: readonly string[];
}

/** Replaces `pod` by the pod's addresses and `loopback` by both loopback addresses; other hosts stay. */
export function resolveAddresses(addresses: readonly Address[], known: PodAddresses): readonly Address[] {
  return addresses.flatMap(({ host, port }) => {
    if (host === "pod") return known.podIps.map((podIp) => ({ host: podIp, port }));
    return host === "loopback"
      ? [
          { host: "127.0.0.1", port },
          { host: "::1", port },
        ]
      : [{ host, port }];
  });
}

/** Binds all addresses; the port is that of the first. The app's close ends all of them. */
export async function listenAll({ app, addresses, flag, guard }: Listener): Promise<Bound> {
  await app.ready();
  const servers: Server[] = [];
  app.addHook("preClose", () => closeAll(servers));
  let port = 0;
  for (const address of addresses) {
    const server = servers.length === 0 ? app.server : copyServer(app);
    guard?.(server);
    const failure = await bind(server, address);
    if (failure === undefined) {
      servers.push(server);
      port ||= portOf(server);
    } else if (!isMissingLoopback(address, failure)) {
      return { ok: false, code: "OUTRIGGER_ERR_PORT_TAKEN", message: describe(address, failure, flag) };
    }
  }
  const closeIdle = (): void => {
    for (const server of servers) server.closeIdleConnections();
  };
  return { ok: true, port, closeIdle };
}

/** IPv6 may be switched off; its loopback address is a convenience, not a promise. */
function isMissingLoopback(address: Address, failure: NodeJS.ErrnoException): boolean {
  return address.host === "::1" && failure.code !== "EADDRINUSE";
}

function describe(address: Address, failure: NodeJS.ErrnoException, flag: string): string {
  const where = `${address.host}:${address.port}`;
  return failure.code === "EADDRINUSE"
    ? `port ${address.port} on ${address.host} is in use by another process; choose another with --${flag} HOST:PORT`
    : `can't listen on ${where}: ${failure.message}; choose another address with --${flag} HOST:PORT`;
}

function bind(server: Server, address: Address): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => resolve(error);
    server.once("error", onError);
    server.listen({ ...address, ipv6Only: address.host.includes(":") }, () => {
      server.off("error", onError);
      resolve(undefined);
    });
  });
}

/** A second listener for the same app, with the limits of the first. */
function copyServer(app: FastifyInstance): Server {
  const options = { connectionsCheckingInterval: checkMs };
  const server = createServer(options, (request, response) => void app.server.emit("request", request, response));
  const { keepAliveTimeout, headersTimeout, requestTimeout, maxRequestsPerSocket } = app.server;
  return Object.assign(server, { keepAliveTimeout, headersTimeout, requestTimeout, maxRequestsPerSocket });
}

/** Ends listeners at once: streams have been given their time before. */
async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    ),
  );
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}
