/**
 * Ports for programs of tests that can't be asked to take any port and to tell which. They are taken from a range of which the system
 * gives none to connections and to listeners on port 0, so that nobody comes by one between this answer and its use.
 */
import { createServer } from "node:net";

/** Below what systems give out by themselves (from 32768 on Linux) and below the ports of Kubernetes' nodes (from 30000). */
const first = 20_000;
const count = 10_000;
const maxAttempts = 100;

/** A port of this address on which nobody listens. Two that ask at once hardly ever get the same. */
export async function findFreePort(host = "127.0.0.1"): Promise<number> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const port = first + Math.floor(Math.random() * count);
    if (await isFree(host, port)) return port;
  }
  throw new Error(`no free port of ${host} between ${first} and ${first + count}`);
}

function isFree(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ host, port }, () => server.close(() => resolve(true)));
  return promise;
}
