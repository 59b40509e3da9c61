import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { waitFor } from "../fixtures/wait-for.ts";
import { buildShim } from "./build.ts";
import { childrenOf } from "./processes.ts";
import { connectPeer, startShim, type RunningShim } from "./running-shim.ts";

const everything = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url),
);

/** Connects a client of the SDK to a session: lines over streams are the same whoever holds them. */
async function connectClient(shim: RunningShim): Promise<Client> {
  const { socket } = await connectPeer(shim);
  const client = new Client({ name: "test", version: "0" });
  client.onclose = () => void socket.destroy();
  await client.connect(new StdioServerTransport(socket, socket));
  return client;
}

describe("a real stdio server behind the shim", () => {
  it("serves clients at once, each from a process of its own", async () => {
    const shim = await startShim({ binary: buildShim(), command: [process.execPath, everything, "stdio"] });
    const clients = await Promise.all(Array.from({ length: 4 }, () => connectClient(shim)));
    const answers = await Promise.all(
      clients.map(async (client, index) => {
        expect((await client.listTools()).tools.map(({ name }) => name)).toContain("echo");
        const { content } = await client.callTool({ name: "echo", arguments: { message: `hello ${index}` } });
        return JSON.stringify(content);
      }),
    );
    expect(answers.map((answer, index) => answer.includes(`hello ${index}`))).toEqual([true, true, true, true]);
    expect(childrenOf(shim.pid)).toHaveLength(4);
    await Promise.all(clients.map((client) => client.close()));
    await waitFor("all processes are gone", () => childrenOf(shim.pid).length === 0);
  });
});
