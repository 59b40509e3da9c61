/** Legacy servers that ask outside of the answer to a call, on the stream of the session, as servers of SDK v1 do by default. */
import { randomUUID } from "node:crypto";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";

const programs = createPrograms();
const sessions = new Map<string, StreamableHTTPServerTransport>();
let http: HttpServer;
let aggregator: RunningAggregator;

function createAskingServer(): McpServer {
  const server = new McpServer({ name: "asking", version: "1" });
  server.registerTool("greet", { description: "Asks for a name" }, async () => {
    const requestedSchema = { type: "object" as const, properties: { name: { type: "string" as const } } };
    // Without the id of the call, so that it goes out on the stream of the session.
    const { content } = await server.server.elicitInput({ message: "Who?", requestedSchema });
    return { content: [{ type: "text", text: `Hello, ${String(content?.["name"])}!` }] };
  });
  return server;
}

beforeAll(async () => {
  http = createServer((req, res) => {
    const known = sessions.get(String(req.headers["mcp-session-id"]));
    if (known !== undefined) {
      void known.handleRequest(req, res);
      return;
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    void createAskingServer()
      .connect(transport)
      .then(() => transport.handleRequest(req, res));
  });
  http.listen(0, "127.0.0.1");
  await new Promise((resolve) => http.once("listening", resolve));
  // A server that listens on TCP has this form of address.
  const upstream = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  const sidecar = await startRealSidecar(programs, "asking", ["--upstream", upstream]);
  aggregator = await startAggregatorProgram({ asking: sidecar.entry() }, ["--mode", "direct"]);
  await aggregator.ready();
});

afterAll(async () => {
  await aggregator.close();
  await programs.endAll();
  http.closeAllConnections();
  http.close();
});

const identity = { name: "test-client", version: "1.0.0" };

it("F-075 asks each legacy client what the server asks in its session, during several calls of both", async () => {
  const connect = async (name: string): Promise<LegacyClient> => {
    const client = new LegacyClient(identity, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name } }));
    await client.connect(new LegacyTransport(new URL(`${aggregator.url}/mcp`)));
    return client;
  };
  const [ada, bob] = await Promise.all([connect("Ada"), connect("Bob")]);
  const greet = async (client: LegacyClient): Promise<string> =>
    textOf(await client.callTool({ name: "asking__greet" }));
  expect(await Promise.all([greet(ada), greet(bob), greet(ada)])).toEqual([
    "Hello, Ada!",
    "Hello, Bob!",
    "Hello, Ada!",
  ]);
  expect(await greet(bob)).toBe("Hello, Bob!");
  await Promise.all([ada.close(), bob.close()]);
});

it("F-074 tells such a server that a modern client can't be asked", async () => {
  const client = new ModernClient(identity, {
    capabilities: { elicitation: { form: {} } },
    versionNegotiation: { mode: { pin: "2026-07-28" } },
  });
  client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: {} }));
  await client.connect(new ModernTransport(new URL(`${aggregator.url}/mcp`)));
  expect(textOf(await client.callTool({ name: "asking__greet" }))).toMatch(/does not support.*elicitation/i);
  await client.close();
});
