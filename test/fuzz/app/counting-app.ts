/**
 * The server behind a fuzzed sidecar: a small MCP server of the legacy era that reads every body by itself and counts what of it
 * should never have come. A request's header `x-answer` asks for an answer that no server should give, `x-events` for so many events,
 * `x-end` for the end of its connection, of which the answer says nothing; `x-run` names a call that must not run twice.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { brokenAnswers, endsUnsaid } from "./broken-answers.ts";
import { findForbidden } from "./find-forbidden.ts";
import { allowedTools, deniedTools } from "../names.ts";

/** A running server. Counts are of everything since its start. */
export interface CountingApp {
  readonly port: number;
  /** Requests that reached it. */
  readonly requests: () => number;
  /** What was forbidden and came nevertheless, as `method name`, in the order of arrival. */
  readonly forbidden: readonly string[];
  /** Requests that are no MCP: another path or method than a sidecar passes. */
  readonly strange: readonly string[];
  /** Calls that ran more than once. */
  readonly repeated: readonly string[];
  /** Connections that it ended without having said so: each may have broken one call that was on its way. */
  readonly endedUnsaid: () => number;
  readonly close: () => void;
}

/** Starts the server on a free port of 127.0.0.1. */
export async function startCountingApp(): Promise<CountingApp> {
  const seen = { requests: 0, sessions: 0, endedUnsaid: 0 };
  const ran = new Set<string>();
  const repeated: string[] = [];
  const forbidden: string[] = [];
  const strange: string[] = [];
  const http = createServer(
    { keepAliveTimeout: 60_000, requestTimeout: 0, maxHeaderSize: 65_536 },
    (request, response) => {
      seen.requests++;
      if (!isServed(request)) strange.push(`${request.method ?? ""} ${request.url ?? ""}`);
      const { "x-run": run, "x-end": end, "x-answer": wanted } = request.headers;
      if (end !== undefined || endsUnsaid(String(wanted))) seen.endedUnsaid++;
      if (end !== undefined) response.on("finish", () => request.socket.end());
      readBody(request, (body) => {
        forbidden.push(...findForbidden(body));
        if (typeof run === "string" && ran.has(run)) repeated.push(run);
        if (typeof run === "string") ran.add(run);
        answer({ request, response, body, sessionId: `session-${++seen.sessions}` });
      });
    },
  );
  // A sidecar never sends what can't be parsed; who does is counted.
  http.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code?.startsWith("HPE_") === true) strange.push(`unreadable: ${error.code}`);
    socket.destroy();
  });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  http.listen(0, "127.0.0.1", 4_096, () => resolve(undefined));
  await promise;
  return {
    // A server that listens on TCP has this form of address.
    port: (http.address() as AddressInfo).port,
    requests: () => seen.requests,
    forbidden,
    strange,
    repeated,
    endedUnsaid: () => seen.endedUnsaid,
    close: () => {
      http.close();
      http.closeAllConnections();
    },
  };
}

/** The sidecar passes one path, with and without a slash at the end, and OAuth metadata. */
function isServed({ method, url }: IncomingMessage): boolean {
  const path = (url ?? "").split("?", 1)[0] ?? "";
  const isEndpoint = path === "/mcp" || path === "/mcp/";
  return ["POST", "GET", "DELETE"].includes(method ?? "") && (isEndpoint || path.startsWith("/.well-known/oauth-"));
}

function readBody(request: IncomingMessage, onBody: (body: string) => void): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => onBody(Buffer.concat(chunks).toString("utf8")));
  request.on("error", () => undefined);
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
  readonly sessionId: string;
}

function answer({ request, response, body, sessionId }: Asked): void {
  response.on("error", () => undefined);
  const wanted = String(request.headers["x-answer"] ?? "");
  if (Object.hasOwn(brokenAnswers, wanted)) {
    request.socket.on("error", () => undefined);
    brokenAnswers[wanted]?.(request.socket);
    return;
  }
  const events = Number(request.headers["x-events"] ?? 0);
  if (events > 0) {
    answerEvents(response, events);
    return;
  }
  if (request.method !== "POST") {
    answerStream(request, response);
    return;
  }
  const message = parse(body);
  const text = JSON.stringify(Array.isArray(message) ? message.map(answerMessage) : answerMessage(message));
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  response.writeHead(200, body.includes('"initialize"') ? { ...headers, "mcp-session-id": sessionId } : headers);
  response.end(text);
}

/** The smallest message that there is, as an event. */
export const tinyEvent = 'data: {"jsonrpc":"2.0","method":"notifications/x"}\n\n';

/** Writes `count` tiny events no faster than they are taken. */
function answerEvents(response: ServerResponse, count: number): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let sent = 0;
  const pump = (): void => {
    while (sent < count) {
      sent++;
      if (!response.write(tinyEvent)) return;
    }
    response.end('data: {"jsonrpc":"2.0","id":1,"result":{"content":[]}}\n\n');
  };
  response.on("drain", pump);
  pump();
}

/** A GET stream says one thing and stays open; everything else has an end. */
function answerStream(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== "GET" || request.url?.startsWith("/mcp") !== true) {
    response.writeHead(request.method === "DELETE" ? 200 : 404, { "content-length": 0 }).end();
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(": open\n\n");
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

const tools = [...allowedTools, ...deniedTools].map((name) => ({ name, inputSchema: { type: "object" } }));

const results: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: "2025-06-18",
    capabilities: { tools: {} },
    serverInfo: { name: "counting-app", version: "1.0.0" },
  },
  "tools/list": { tools },
  "tools/call": { content: [{ type: "text", text: "done" }] },
};

function answerMessage(message: unknown): object {
  const { id = null, method } = (typeof message === "object" ? (message ?? {}) : {}) as {
    readonly id?: unknown;
    readonly method?: unknown;
  };
  const result = typeof method === "string" && Object.hasOwn(results, method) ? results[method] : undefined;
  return result === undefined
    ? { jsonrpc: "2.0", id, error: { code: -32601, message: "no such method" } }
    : { jsonrpc: "2.0", id, result };
}
