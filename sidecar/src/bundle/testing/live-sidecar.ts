/** For tests: a whole sidecar made from its settings, before a server of MCP over HTTP that counts what clients reach it with. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFeedState, type FeedState } from "@outrigger/api/feed";
import { createEventSplitter } from "@outrigger/mcp";
import { onTestFinished } from "vitest";
import { until } from "../../stdio/testing/fixture.ts";
import { startSidecar } from "../../testing/start-sidecar.ts";

/** What a client gets: the status, and the body as an object. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What a client sends to the endpoint. */
export interface ClientRequest {
  readonly method: "POST" | "GET" | "DELETE";
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A running sidecar with all that can be asked of it. */
export interface LiveSidecar {
  readonly send: (method: string, params?: object) => Promise<Answer>;
  readonly request: (init: ClientRequest) => Promise<Response>;
  /** Methods of clients' requests that reached the server. */
  readonly arrived: readonly string[];
  readonly logged: readonly Readonly<Record<string, unknown>>[];
  readonly feed: () => Promise<FeedState>;
  readonly toolsOfFeed: () => Promise<readonly unknown[]>;
  readonly admin: (path: string) => Promise<{ readonly status: number; readonly text: string }>;
  readonly server: ServerProcess;
}

/** The server's life, as far as a test has it in hand: it is there from the start. */
interface ServerProcess {
  /** It is gone at once, with its connections. */
  readonly end: () => void;
  /** It is there again at the same address. */
  readonly begin: () => Promise<void>;
}

const tools = [{ name: "read_file" }, { name: "write_file" }].map((tool) => ({
  ...tool,
  inputSchema: { type: "object" },
}));

/** Marks what comes from a client of the test: the sidecar asks the server too. */
const clientMark = "x-test-client";

/** Starts it with these variables on free ports, before a server that lists these tools; it ends with the test. */
export async function startLiveSidecar(
  env: Readonly<Record<string, string>>,
  listTools: () => readonly object[] = () => tools,
): Promise<LiveSidecar> {
  const arrived: string[] = [];
  const { url: upstream, ...server } = await serveMcp(arrived, listTools);
  const { port, controlPort, adminPort, logged } = await startSidecar(["--upstream", upstream], env);
  const control = `http://127.0.0.1:${controlPort}`;
  const request = (init: ClientRequest): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/mcp`, {
      ...init,
      headers: { "content-type": "application/json", [clientMark]: "yes", ...init.headers },
    });
  const feed = (): Promise<FeedState> => readFeed(`${control}/v1/feed`);
  const live: LiveSidecar = {
    request,
    arrived,
    logged,
    feed,
    send: async (method, params = {}) => {
      const response = await request({
        method: "POST",
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      return { status: response.status, body: await response.json() };
    },
    toolsOfFeed: async () => {
      const { digest = "" } = await feed();
      const catalogue = (await (await fetch(`${control}/v1/catalogues/${digest}`)).json()) as {
        tools: { name: string }[];
      };
      return catalogue.tools.map(({ name }) => name);
    },
    admin: async (path) => {
      const response = await fetch(`http://127.0.0.1:${adminPort}${path}`);
      return { status: response.status, text: await response.text() };
    },
    server,
  };
  await until("the server is listed", async () => (await feed()).catalogue.reason === "CatalogueListed");
  return live;
}

/** A server of the legacy era without sessions. */
async function serveMcp(
  arrived: string[],
  listTools: () => readonly object[],
): Promise<ServerProcess & { readonly url: string }> {
  const results: Readonly<Record<string, object>> = {
    initialize: {
      protocolVersion: "2025-06-18",
      capabilities: { tools: {} },
      serverInfo: { name: "search", version: "1" },
    },
    ping: {},
    "tools/call": { content: [{ type: "text", text: "done" }] },
  };
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      const message = (text === "" ? {} : JSON.parse(text)) as { id?: number; method?: string };
      if (request.headers[clientMark] !== undefined) arrived.push(message.method ?? request.method ?? "");
      const { id } = message;
      if (id === undefined) {
        response.writeHead(request.method === "POST" ? 202 : 405).end();
        return;
      }
      const result = message.method === "tools/list" ? { tools: listTools() } : results[message.method ?? ""];
      const error = { code: -32_601, message: "Method not found" };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify(result === undefined ? { jsonrpc: "2.0", id, error } : { jsonrpc: "2.0", id, result }),
      );
    });
  });
  const listen = async (at: number): Promise<void> => {
    server.listen(at, "127.0.0.1");
    await once(server, "listening");
  };
  const end = (): void => {
    server.close();
    server.closeAllConnections();
  };
  await listen(0);
  onTestFinished(end);
  // A TCP server has an address object.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/mcp`, end, begin: () => listen(port) };
}

/** The state of now: the first event of the feed. */
async function readFeed(url: string): Promise<FeedState> {
  const leaving = new AbortController();
  const response = await fetch(url, { signal: leaving.signal });
  const splitter = createEventSplitter({ maxEventBytes: 1_000_000 });
  try {
    for await (const chunk of response.body ?? []) {
      const { events } = splitter.push(chunk as Uint8Array);
      const [state] = events.flatMap(({ data }) => (data === undefined ? [] : [readFeedState(JSON.parse(data))]));
      if (state !== undefined) return state;
    }
    throw new Error("the feed ended before its first state");
  } finally {
    leaving.abort();
  }
}
