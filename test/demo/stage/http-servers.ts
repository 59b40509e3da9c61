/** The two servers of the demo that speak HTTP by themselves: started on free ports, ended with the demo. */
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { startProgram } from "../../fixtures/program.ts";
import { waitFor } from "../../fixtures/wait-for.ts";

/** A running server. */
export interface HttpServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Where the demo's programs are found, and the environment they get. */
export type DemoEnvironment = Readonly<Record<string, string | undefined>>;

/** Told of the end of a server as soon as the server has started, long before it answers. */
export type OnStarted = (stop: () => Promise<void>) => void;

/** Starts the reference server of the protocol, as streamable HTTP with sessions. */
export async function startEverything(env: DemoEnvironment, onStarted?: OnStarted): Promise<HttpServer> {
  const port = await findFreePort();
  const command = ["mcp-server-everything", "streamableHttp"];
  return startServer({ port, command, env: { ...env, PORT: String(port) } }, onStarted);
}

/** Starts a server that speaks both eras of the protocol. It searches documentation; the demo lists its tools only. */
export async function startContext7(env: DemoEnvironment, onStarted?: OnStarted): Promise<HttpServer> {
  const port = await findFreePort();
  const command = ["context7-mcp", "--transport", "http", "--port", String(port)];
  return startServer({ port, command, env: { ...env, OTEL_SDK_DISABLED: "true" } }, onStarted);
}

interface ServerStart {
  readonly port: number;
  readonly command: readonly string[];
  readonly env: DemoEnvironment;
}

async function startServer({ port, command, env }: ServerStart, onStarted?: OnStarted): Promise<HttpServer> {
  const program = startProgram(command, { env, detached: true, endWithinMs: 500 });
  const stop = async (): Promise<void> => {
    await program.stop();
  };
  onStarted?.(stop);
  const url = `http://127.0.0.1:${port}/mcp`;
  try {
    await program.whenReady(waitFor(`${url} to answer`, () => !program.isRunning() || answers(url), 30_000));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/** Any answer will do: what the server says to a GET without a session is its own affair. */
async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { headers: { accept: "application/json" } });
  await response.body?.cancel();
  return true;
}
