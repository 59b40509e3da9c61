/** For tests: a server of the older HTTP+SSE transport, by hand, that does what it is told to and records what it got. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A message as it came, with its headers and the stream that it was posted for. */
export interface Posted {
  readonly stream: string;
  readonly headers: IncomingHttpHeaders;
  readonly message: {
    readonly id?: string | number;
    readonly method?: string;
    readonly params?: Readonly<Record<string, unknown>>;
    readonly result?: unknown;
  };
}

/** What the server does other than usual. */
export interface SseServerSetup {
  /** Where its stream is; `/sse` where absent. */
  readonly path?: string;
  /** The endpoint that the stream names. */
  readonly endpoint?: (session: string, origin: string) => string;
  /** Sends no endpoint at all. */
  readonly isSilent?: boolean;
  /** Answers the GET so. */
  readonly refuseStream?: { readonly status: number; readonly headers: Record<string, string>; readonly body: string };
  /** Answers a POST so, by its method. */
  readonly refuse?: Readonly<Record<string, number>>;
}

/** The running server. */
export interface SseServer {
  readonly origin: string;
  readonly posted: readonly Posted[];
  /** Headers of every GET, oldest first. */
  readonly streams: readonly IncomingHttpHeaders[];
  /** Streams that are open. */
  readonly open: () => readonly string[];
  readonly say: (stream: string, message: unknown) => void;
  /** Bytes that were said on a stream and could not be sent yet. */
  readonly unsentBytes: (stream: string) => number;
  readonly drop: (stream: string) => void;
  readonly close: () => Promise<void>;
}

/** Starts the server on a free port. Tools: `echo`; `silent` and `quiet` never answer; `progress` tells its progress first. */
export async function startSseServer(setup: SseServerSetup = {}): Promise<SseServer> {
  const posted: Posted[] = [];
  const streams: IncomingHttpHeaders[] = [];
  const open = new Map<string, ServerResponse>();
  const say = (stream: string, message: unknown): void =>
    void open.get(stream)?.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);

  const openStream = (request: IncomingMessage, response: ServerResponse, origin: string): void => {
    streams.push(request.headers);
    if (setup.refuseStream !== undefined) {
      response.writeHead(setup.refuseStream.status, setup.refuseStream.headers).end(setup.refuseStream.body);
      return;
    }
    const session = randomUUID();
    open.set(session, response);
    response.on("close", () => open.delete(session));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    const endpoint = setup.endpoint?.(session, origin) ?? `/messages?session=${session}`;
    if (setup.isSilent !== true) response.write(`event: endpoint\ndata: ${endpoint}\n\n`);
  };
  const take = async (request: IncomingMessage, response: ServerResponse, session: string): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const message = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Posted["message"];
    posted.push({ stream: session, headers: request.headers, message });
    const refused = setup.refuse?.[message.method ?? "response"];
    response.writeHead(refused ?? 202).end(refused === undefined ? "Accepted" : "no");
    if (refused === undefined) answer(message, (said) => say(session, said));
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    // A server has an address once it listens.
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    if (request.method === "GET" && url.pathname === (setup.path ?? "/sse")) openStream(request, response, origin);
    else if (request.method === "POST" && url.pathname === "/messages") {
      void take(request, response, url.searchParams.get("session") ?? "");
    } else response.writeHead(request.method === "POST" ? 404 : 405).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    streams,
    open: () => [...open.keys()],
    say,
    unsentBytes: (stream) => open.get(stream)?.writableLength ?? 0,
    drop: (stream) => void open.get(stream)?.destroy(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer({ id, method, params }: Posted["message"], say: (message: unknown) => void): void {
  if (id === undefined || method === undefined) return;
  const reply = (result: unknown): void => say({ jsonrpc: "2.0", id, result });
  switch (method) {
    case "initialize":
      reply({
        protocolVersion: "2024-11-05",
        capabilities: { tools: {} },
        serverInfo: { name: "older", version: "1" },
      });
      return;
    case "tools/list":
      reply({ tools: ["echo", "silent", "progress"].map((name) => ({ name, inputSchema: { type: "object" } })) });
      return;
    case "tools/call":
      runTool({ id, params: params ?? {} }, say);
      return;
    default:
      say({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } });
  }
}

/** Two tools never answer, so that a call of them is under way for as long as a test wants. */
const quietTools: readonly unknown[] = ["silent", "quiet"];

function runTool(
  { id, params }: { readonly id: string | number; readonly params: Readonly<Record<string, unknown>> },
  say: (message: unknown) => void,
): void {
  if (quietTools.includes(params["name"])) return;
  if (params["name"] === "progress") {
    // The tests that call it give a token.
    const { progressToken } = params["_meta"] as { readonly progressToken: unknown };
    say({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress: 1 } });
  }
  const text = JSON.stringify(params["arguments"] ?? {});
  say({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } });
}
