/** For tests: the whole sidecar within the test's process, with flags as users give them, in front of a server of the test. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { startSidecar, type StartedSidecar } from "./start-sidecar.ts";

/** A running sidecar. */
export interface InProcess {
  readonly port: number;
  /** The endpoint. */
  readonly url: string;
  /** The text of its metrics. */
  readonly metrics: () => Promise<string>;
  readonly policyFile: string;
  readonly controlPort: number;
  readonly adminPort: number;
  readonly stop: StartedSidecar["stop"];
}

/** What it is started with. `handler` gets what reaches the server; what the sidecar asks for itself it answers too. */
export interface Start {
  readonly handler: RequestListener;
  /** The policy file; null for none. */
  readonly policy?: object | null;
  readonly flags?: readonly string[];
}

/** Starts it on free ports; it ends with the test. */
export async function startInProcess({ handler, policy = {}, flags = [] }: Start): Promise<InProcess> {
  const server = await listen(handler);
  const folder = await mkdtemp(join(tmpdir(), "outrigger-test-"));
  const policyFile = join(folder, "policy.json");
  await writeFile(policyFile, JSON.stringify(policy));
  // Tests end their parts in the opposite order: the server outlives the sidecar.
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });
  const upstream = ["--upstream", `http://127.0.0.1:${portOf(server)}/mcp`];
  const { port, adminPort, controlPort, stop } = await startSidecar([
    ...upstream,
    ...(policy === null ? [] : ["--policy", policyFile]),
    ...flags,
  ]);
  return {
    port,
    url: `http://127.0.0.1:${port}/mcp`,
    metrics: async () => (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text(),
    policyFile,
    controlPort,
    adminPort,
    stop,
  };
}

async function listen(handler: RequestListener): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return server;
}

// A listening TCP server has an address of this form.
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
