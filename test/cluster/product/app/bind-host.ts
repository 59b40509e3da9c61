/** For a server that takes no address to listen on: binds to the one in HOST, as `node --import` loads it before the server. */
import { Server } from "node:net";

const host = process.env["HOST"];
// Kept with its own type: `listen` has many forms, and only the one with a port is of interest.
// eslint-disable-next-line @typescript-eslint/unbound-method -- called on the server that it was called on
const listen = Server.prototype.listen as (this: Server, ...args: unknown[]) => Server;

if (host !== undefined) {
  Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
    const [port, ...others] = args;
    return typeof port === "number" || typeof port === "string"
      ? listen.call(this, Number(port), host, ...others)
      : listen.call(this, ...args);
  };
}
