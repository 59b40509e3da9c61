/** For tests of bytes: an HTTP server that keeps every body as it came and answers with the bytes that it was told to. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came. */
export interface Came {
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a message is answered with. */
export interface RawReply {
  readonly status: number;
  readonly type?: "application/json" | "text/event-stream";
  readonly body: string;
}

/** The running server. */
export interface RawServer {
  readonly url: string;
  readonly came: readonly Came[];
  /** Answers the next message that has this text in it. */
  readonly reply: (to: string, reply: RawReply) => void;
  /** Calls without an answer whose connection was closed. */
  readonly leftCalls: () => number;
  readonly close: () => Promise<void>;
}

/** What the sidecar itself asks, to make its catalogue. */
const own: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "raw", version: "1" },
  },
  ping: {},
};

/** Starts the server on a free port of 127.0.0.1. It lists these tools and never answers a call that it was given no answer for. */
export async function startRawServer(tools: readonly string[] = []): Promise<RawServer> {
  const came: Came[] = [];
  let leftCalls = 0;
  const listed = { tools: tools.map((name) => ({ name, inputSchema: { type: "object" } })) };
  const replies = new Map<string, RawReply>();
  const answer = (body: string, response: ServerResponse): void => {
    const to = [...replies.keys()].find((text) => body.includes(text));
    if (to === undefined && body.includes('"method":"tools/call"')) {
      response.once("close", () => leftCalls++);
      return;
    }
    const reply = to === undefined ? answerOwn(body, listed) : replies.get(to);
    if (to !== undefined) replies.delete(to);
    const { status = 202, type, body: text = "" } = reply ?? {};
    response.writeHead(status, type === undefined ? {} : { "content-type": type }).end(text);
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      came.push({ body, headers: request.headers });
      if (request.method !== "POST") {
        response.writeHead(request.method === "DELETE" ? 200 : 405).end();
        return;
      }
      answer(body, response);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    came,
    leftCalls: () => leftCalls,
    reply: (to, reply) => void replies.set(to, reply),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerOwn(body: string, listed: object): RawReply | undefined {
  // Only messages of the tests and of the sidecar come here.
  const { id, method = "" } = JSON.parse(body) as { id?: unknown; method?: string };
  if (id === undefined || method === "") return undefined;
  const result = method === "tools/list" ? listed : own[method];
  const answer = result === undefined ? { error: { code: -32_601, message: "no such method" } } : { result };
  return { status: 200, type: "application/json", body: JSON.stringify({ jsonrpc: "2.0", id, ...answer }) };
}
