/**
 * Ports for programs of tests that can't be asked to take any port and to tell which. They are taken from a range of which the system
 * gives none to connections and to listeners on port 0, so that nobody comes by one between this answer and its use. One process gives
 * out none twice, and processes that test side by side have shares of their own.
 */
import { createServer } from "node:net";
import { env } from "node:process";

/** Below what systems give out by themselves (from 32768 on Linux) and below the ports of Kubernetes' nodes (from 30000). */
const first = 20_000;
const shares = 16;
const portsPerShare = 625;
const maxAttempts = 1_000;

const given = new Set<number>();

/** A port of this address on which nobody listens, and that this process was not given before. */
export async function findFreePort(host = "127.0.0.1"): Promise<number> {
  // Vitest counts the workers that run at the same time from 1; any other process has the share with number 0.
  const start = first + (Number(env["VITEST_POOL_ID"] ?? 0) % shares) * portsPerShare;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const port = start + Math.floor(Math.random() * portsPerShare);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(host, port)) return port;
  }
  throw new Error(`no free port of ${host} between ${start} and ${start + portsPerShare}`);
}

function isFree(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ host, port }, () => server.close(() => resolve(true)));
  return promise;
}
