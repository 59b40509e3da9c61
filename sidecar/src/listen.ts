/**
 * Binds an app to every address that it is to be reached at. In a pod these are the pod's own addresses, one by one:
 * a wildcard would be the server's where the two share a port number.
 */
import type { Address } from "./bind.ts";

export type { Address } from "./bind.ts";

/** Which setting an address came from, for the message when it can't be bound. */
export interface Listener {
  readonly app: { readonly listen: (address: Address) => Promise<string> };
  readonly addresses: readonly Address[];
  readonly flag: string;
}

/** What came of it. */
export type Bound =
  | { readonly ok: true; readonly port: number }
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
export async function listenAll({ app, addresses, flag }: Listener): Promise<Bound> {
  let port = 0;
  for (const address of addresses) {
    try {
      const origin = await app.listen(address);
      port ||= Number(new URL(origin).port);
    } catch (error) {
      // What a listener fails with is the system's error.
      const failure = error as NodeJS.ErrnoException;
      if (!isMissingLoopback(address, failure))
        return { ok: false, code: "OUTRIGGER_ERR_PORT_TAKEN", message: describe(address, failure, flag) };
    }
  }
  return { ok: true, port };
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
