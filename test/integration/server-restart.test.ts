/** A server that starts anew knows no session any more: who holds one for others establishes it again, once. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { startAggregatorProgram } from "../fixtures/aggregator.ts";
import { connectLegacy, connectModern, openSession, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";
import { waitFor } from "../fixtures/wait-for.ts";

/** A legacy server with sessions. */
interface Restartable {
  readonly url: string;
  /** Names of the clients that opened a session since the last start. */
  readonly opened: () => readonly string[];
  /** Forgets its sessions and drops its connections, as a process that starts anew. */
  readonly restart: () => void;
  readonly close: () => Promise<void>;
}

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly clientInfo?: { readonly name: string } };
}

const results: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "restartable", version: "1" },
  },
  "tools/list": { tools: [{ name: "greet", inputSchema: { type: "object" } }] },
  "tools/call": { content: [{ type: "text", text: "hello" }] },
  ping: {},
};

async function startRestartable(): Promise<Restartable> {
  const sessions = new Set<string>();
  let opened: string[] = [];
  const answer = (message: Message, request: IncomingMessage, response: ServerResponse): void => {
    const { id, method = "", params } = message;
    const result = results[method];
    if (method === "initialize") {
      const session = randomUUID();
      sessions.add(session);
      opened.push(params?.clientInfo?.name ?? "");
      response.setHeader("mcp-session-id", session);
    } else if (!sessions.has(String(request.headers["mcp-session-id"]))) {
      const isOpened = request.headers["mcp-session-id"] !== undefined;
      response.writeHead(isOpened ? 404 : 400, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32_001, message: "no session" } }));
      return;
    }
    if (id === undefined) response.writeHead(202).end();
    else {
      const outcome = result === undefined ? { error: { code: -32_601, message: "no" } } : { result };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id, ...outcome }));
    }
  };
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      if (request.method === "POST") answer(JSON.parse(text) as Message, request, response);
      else response.writeHead(request.method === "DELETE" ? 200 : 405).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    opened: () => opened,
    restart: () => {
      sessions.clear();
      opened = [];
      server.closeAllConnections();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function setUp(): Promise<{ server: Restartable; url: string; controlUrl: string }> {
  const server = await startRestartable();
  const programs = createPrograms();
  ends.push(server.close, () => programs.endAll());
  const { dataUrl, controlUrl } = await startRealSidecar(programs, "greeter", ["--upstream", server.url]);
  await waitFor("the sidecar to have listed it", () => server.opened().includes("outrigger-sidecar"));
  return { server, url: dataUrl, controlUrl };
}

it.each([
  ["legacy", connectLegacy],
  ["modern", connectModern],
] as const)(
  "F-211 a %s client of the endpoint keeps working after its server's restart, by one new session",
  async (_era, connect) => {
    const { server, url, controlUrl } = await setUp();
    const entry = { url, outrigger: { control: controlUrl } };
    const aggregator = await startAggregatorProgram({ greeter: entry });
    ends.push(() => aggregator.close());
    await aggregator.ready();
    const client = await connect(`${aggregator.url}/mcp`);
    ends.push(() => client.close());
    const call = async (): Promise<string> =>
      textOf(await client.callTool({ name: "call_tool", arguments: { name: "greeter__greet", arguments: {} } }));
    expect(await call()).toBe("hello");
    const byAggregator = (): number => server.opened().filter((name) => name !== "outrigger-sidecar").length;
    expect(byAggregator()).toBe(1);
    server.restart();
    expect(await Promise.all(Array.from({ length: 5 }, call))).toEqual(Array.from({ length: 5 }, () => "hello"));
    expect(byAggregator()).toBe(1);
  },
);

it("F-211 a client right at the sidecar is told with 404 that its session is over, and goes on with a new one", async () => {
  const { server, url } = await setUp();
  const greet = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "greet" } });
  const first = await openSession(url);
  expect((await postRaw(url, greet, first)).text).toContain("hello");
  server.restart();
  expect((await postRaw(url, greet, first)).status).toBe(404);
  const second = await openSession(url);
  expect((await postRaw(url, greet, second)).text).toContain("hello");
  expect(server.opened().filter((name) => name === "test-client")).toHaveLength(1);
});
