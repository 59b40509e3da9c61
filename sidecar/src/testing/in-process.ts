/** For tests: the whole sidecar within the test's process, with flags as users give them, in front of a server of the test. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@outrigger/runtime/logger";
import { readSettings } from "@outrigger/runtime/config";
import { onTestFinished } from "vitest";
import { readOptions } from "../options.ts";
import { settingTable } from "../settings.ts";
import { createSidecar } from "../sidecar.ts";
import { openTelemetry } from "../telemetry/telemetry.ts";

/** A running sidecar. */
export interface InProcess {
  readonly port: number;
  /** The endpoint. */
  readonly url: string;
  /** The text of its metrics. */
  readonly metrics: () => Promise<string>;
  readonly policyFile: string;
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
  const ports = ["--listen", "0", "--control", "0", "--admin", "0", "--drain-seconds", "0"];
  const upstream = ["--upstream", `http://127.0.0.1:${portOf(server)}/mcp`];
  const read = readSettings(settingTable, {
    argv: [...ports, ...upstream, ...(policy === null ? [] : ["--policy", policyFile]), ...flags],
    env: {},
  });
  const options = read.ok ? await readOptions(read.settings, {}) : read;
  if (!options.ok) throw new Error(options.problems.join("\n"));
  const logged: Record<string, unknown>[] = [];
  // Each line is one JSON object by construction of the logger.
  const destination = { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ component: "sidecar", version: "test", destination });
  const telemetry = await openTelemetry({ ...options.options, audit: "off" }, logger);
  if (!telemetry.ok) throw new Error(telemetry.problems.join("\n"));
  const sidecar = createSidecar(options.options, logger, telemetry.create);
  onTestFinished(async () => {
    for (const step of sidecar.stopSteps) await step.run();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });
  const bound = await sidecar.start();
  if (!bound.ok) throw new Error(bound.message);
  // The line of that message has the ports.
  const { adminPort } = logged.find(({ msg }) => msg === "listening") as { adminPort: number };
  return {
    port: bound.port,
    url: `http://127.0.0.1:${bound.port}/mcp`,
    metrics: async () => (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text(),
    policyFile,
  };
}

async function listen(handler: RequestListener): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return server;
}

// A listening TCP server has an address of this form.
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
