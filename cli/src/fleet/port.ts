/** Whether a port of this machine can be bound, asked before anything is started over it. */
import { createServer } from "node:net";

/** True where the port is free on 127.0.0.1. Between this answer and its use somebody else may still take it. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once("error", () => resolve(false));
  server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  return promise;
}
