/** Binds a listener to an address, and says under which origin it is reached then. */
import type { Server } from "node:net";

/** Where to listen. Port 0 takes any free port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Rejects with the system's error. */
export function bind(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...address, ipv6Only: address.host.includes(":") }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** The origin of a listener that is bound. */
export function originOf(server: Server): string {
  const at = server.address();
  // A listener on TCP has an address object.
  if (at === null || typeof at === "string") throw new Error("the listener is on no port");
  return `http://${at.family === "IPv6" ? `[${at.address}]` : at.address}:${at.port}`;
}
