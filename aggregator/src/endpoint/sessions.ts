/**
 * Sessions of legacy clients at one endpoint: opened by `initialize`, ended by DELETE, by silence, or when there are too many.
 * A missing id is 400, an unknown or ended one, or somebody else's, 404; the transport decides the rest.
 * Source: MCP 2025-11-25 basic/transports, "Session Management".
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { NodeStreamableHTTPServerTransport } from "@modelcontextprotocol/node";
import { isInitializeRequest } from "@modelcontextprotocol/server";
import { wireErrors } from "@outrigger/api/errors";
import { idOf, type Principal } from "../auth/principal.ts";
import type { RawServer } from "./raw-server.ts";
import { refuseFor, sendError, type Refusal } from "./respond.ts";
import type { ServedCaller } from "./server.ts";

/** What sessions need. Times in ms. */
export interface SessionsOptions {
  readonly createServer: (caller: ServedCaller) => RawServer;
  readonly onEnded: (sessionId: string) => void;
  readonly nowMs: () => number;
  readonly idleMs: number;
  readonly maxSessions: number;
}

/** The sessions of an endpoint. */
export interface Sessions {
  /** Serves one legacy request of a principal; `body` is the parsed body of a POST. */
  readonly handle: (req: IncomingMessage, res: ServerResponse, asked: LegacyRequest) => Promise<void>;
  /** Tells all sessions to read the list of tools again. */
  readonly tellListChanged: () => void;
  readonly count: () => number;
  readonly close: () => Promise<void>;
}

/** A legacy request: who makes it, and the parsed body of a POST. */
export interface LegacyRequest {
  readonly principal: Principal;
  readonly body?: unknown;
}

interface Session {
  readonly id: string;
  /** Nobody else may use it, nor hears that it exists. */
  readonly owner: string;
  readonly server: RawServer;
  readonly transport: NodeStreamableHTTPServerTransport;
  /** Requests and streams that are open now: such a session is not idle. */
  open: number;
  lastUsedMs: number;
}

/** Creates the table, empty. */
export function createSessions(options: SessionsOptions): Sessions {
  // Ordered by last use: a session that is used goes to the end.
  const sessions = new Map<string, Session>();

  const end = async (session: Session): Promise<void> => {
    sessions.delete(session.id);
    await session.server.close();
  };
  const reaper = setInterval(
    () => {
      const oldestMs = options.nowMs() - options.idleMs;
      for (const session of [...sessions.values()]) {
        if (session.open === 0 && session.lastUsedMs < oldestMs) void end(session);
      }
    },
    Math.min(options.idleMs, 30_000),
  );
  reaper.unref();

  const makeRoom = (): void => {
    if (sessions.size < options.maxSessions) return;
    const candidates = [...sessions.values()];
    const oldest = candidates.find((session) => session.open === 0) ?? candidates[0];
    if (oldest !== undefined) void end(oldest);
  };

  const open = async (principal: Principal): Promise<NodeStreamableHTTPServerTransport> => {
    let id = "";
    const server = options.createServer({ principal, session: () => id });
    const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (given) => {
        id = given;
        makeRoom();
        sessions.set(id, { id, owner: idOf(principal), server, transport, open: 0, lastUsedMs: options.nowMs() });
      },
    });
    await server.connect(transport);
    server.server.onclose = () => {
      sessions.delete(id);
      if (id !== "") options.onEnded(id);
    };
    return transport;
  };

  const use = async (session: Session, req: IncomingMessage, serve: { res: ServerResponse; body: unknown }) => {
    session.open++;
    serve.res.once("close", () => {
      session.open--;
      session.lastUsedMs = options.nowMs();
    });
    sessions.delete(session.id);
    sessions.set(session.id, session);
    await session.transport.handleRequest(req, serve.res, serve.body);
  };

  return {
    handle: async (req, res, { principal, body }) => {
      const id = req.headers["mcp-session-id"];
      const session = typeof id === "string" ? sessions.get(id) : undefined;
      if (session?.owner === idOf(principal)) return use(session, req, { res, body });
      const refusal = typeof id === "string" ? refuseFor("SessionUnknown") : refuseWithoutSession(req, body);
      if (refusal !== undefined) {
        sendError(res, refusal);
        return;
      }
      const transport = await open(principal);
      await transport.handleRequest(req, res, body);
    },
    tellListChanged: () => {
      // A session whose stream has just broken hears of it when it reads the list again.
      for (const { server } of sessions.values()) server.server.sendToolListChanged().catch(() => undefined);
    },
    count: () => sessions.size,
    close: async () => {
      clearInterval(reaper);
      await Promise.all([...sessions.values()].map(end));
    },
  };
}

/** Without a session there is `initialize` and nothing else. */
function refuseWithoutSession(req: IncomingMessage, body: unknown): Refusal | undefined {
  if (req.method === "GET") {
    const message =
      "There is no stream without a session. The older HTTP+SSE transport has its own at /sse behind this path.";
    return { status: 405, code: wireErrors.MethodDenied.jsonRpcCode, message, allow: "POST" };
  }
  if (isInitializeRequest(body)) return undefined;
  return refuseFor("RequestMalformed", "The Mcp-Session-Id header is missing.");
}
