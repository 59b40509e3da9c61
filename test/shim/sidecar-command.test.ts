import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { repositoryEnvironment, repositoryRoot } from "../demo/stage/root.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { buildShim } from "./build.ts";
import { childrenOf } from "./processes.ts";
import { startShim } from "./running-shim.ts";

const everything = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url),
);
const freePorts = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

/** Starts `outrigger sidecar` and gives its port and how it ended. */
async function startSidecar(
  ...args: readonly string[]
): Promise<{ readonly url: URL; readonly stop: () => Promise<number | null> }> {
  const script = join(repositoryRoot, "cli", "bin", "outrigger.js");
  const child = spawn(process.execPath, [script, "sidecar", ...freePorts, ...args], {
    env: repositoryEnvironment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const port = await new Promise<number>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on("close", () => reject(new Error("the sidecar ended before it listened")));
    lines.on("line", (line) => {
      // The program's log: one JSON object per line.
      const { msg, dataPort } = JSON.parse(line) as { readonly msg: string; readonly dataPort?: number };
      if (msg === "listening") resolve(dataPort ?? 0);
    });
  });
  return {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    async stop() {
      child.kill("SIGTERM");
      const [code] = (await once(child, "close")) as [number | null];
      return code;
    },
  };
}

it("`outrigger sidecar --stdio-socket` offers a stdio server behind the shim as HTTP, one process per session", async () => {
  const folder = makeTestFolder("shim");
  const sidecar = await startSidecar("--stdio-socket", join(folder, "stdio.sock"));
  const shim = await startShim({ binary: buildShim(), command: [process.execPath, everything, "stdio"], folder });
  const connect = async (): Promise<Client> => {
    const client = new Client({ name: "test", version: "0" });
    await client.connect(new StreamableHTTPClientTransport(sidecar.url));
    return client;
  };
  const clients = [await connect(), await connect()];
  for (const [index, client] of clients.entries()) {
    const { content } = await client.callTool({ name: "echo", arguments: { message: `hello ${index}` } });
    expect(JSON.stringify(content)).toContain(`hello ${index}`);
  }
  expect(childrenOf(shim.pid).length).toBeGreaterThanOrEqual(2);
  await Promise.all(clients.map((client) => client.close()));
  expect(await sidecar.stop()).toBe(0);
  await waitFor("no process is left", () => childrenOf(shim.pid).length === 0);
  shim.kill("SIGTERM");
  expect(await shim.ended).toBe(0);
});
