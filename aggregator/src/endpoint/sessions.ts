/**
 * Sessions of legacy clients at one endpoint: opened by `initialize`, ended by DELETE, by silence, or when there are too many. A session's
 * id is a sealed handle: a request of a session that is open elsewhere is passed on, and one whose replica has gone is opened again here.
 * A missing id is 400, an unknown or ended one, or somebody else's, 404; the transport decides the rest.
 * Source: MCP 2025-11-25 basic/transports, "Session Management".
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { NodeStreamableHTTPServerTransport } from "@modelcontextprotocol/node";
import { isInitializeRequest } from "@modelcontextprotocol/server";
import { wireErrors } from "@outrigger/api/errors";
import { idOf, type Principal } from "../auth/principal.ts";
import { handleLifeMs, readGreeting, type Greeting, type Handle } from "../replicas/handle.ts";
import type { Replicas } from "../replicas/replicas.ts";
import { createEnded } from "./ended.ts";
import { changedLists, type ChangedList, type RawServer } from "./raw-server.ts";
import { greet } from "./reopen.ts";
import { createReplay, type SessionEvents } from "./replay.ts";
import { refuseBroken, refuseFor, sendError, type Refusal } from "./respond.ts";
import type { Guest, SessionRoom } from "./session-room.ts";
import type { ServedCaller } from "./server.ts";

/** What sessions need. Times in ms. */
export interface SessionsOptions {
  /** Path of the endpoint. */
  readonly path: string;
  readonly replicas: Replicas;
  readonly createServer: (caller: ServedCaller) => RawServer;
  readonly onEnded: (sessionId: string) => void;
  readonly nowMs: () => number;
  readonly idleMs: number;
  /** Where sessions of all endpoints have their place. */
  readonly room: SessionRoom;
}

/** The sessions of an endpoint. */
export interface Sessions {
  /** Serves one legacy request of a principal. */
  readonly handle: (req: IncomingMessage, res: ServerResponse, asked: LegacyRequest) => Promise<void>;
  /** Tells all sessions to read a list again. */
  readonly tellChanged: (list: ChangedList) => void;
  readonly count: () => number;
  readonly close: () => Promise<void>;
}

/** A legacy request: who makes it, the bytes of a POST and what they say, and whether another replica has passed it on. */
export interface LegacyRequest {
  readonly principal: Principal;
  readonly bytes: Uint8Array;
  readonly body?: unknown;
  readonly isForwarded: boolean;
}

interface Session extends Guest {
  readonly id: string;
  readonly server: RawServer;
  readonly transport: NodeStreamableHTTPServerTransport;
  readonly events: SessionEvents;
  /** Requests and streams that are open now: such a session is not idle. */
  open: number;
  lastUsedMs: number;
}

/** A session that is about to be: how its transport names it, and what its client said. */
interface Opening {
  readonly id: string;
  readonly principal: Principal;
  readonly handle: () => string;
}

/** The handle that a request bears, sealed and opened. */
interface HeldHandle {
  readonly text: string;
  readonly handle: Handle;
}

/** Creates the table, empty. */
export function createSessions(options: SessionsOptions): Sessions {
  const { path, replicas, nowMs } = options;
  // Ordered by last use: a session that is used goes to the end. By the id within the handle, which the client does not see.
  const sessions = new Map<string, Session>();
  const reopening = new Map<string, Promise<void>>();
  const ended = createEnded(nowMs);
  const replay = createReplay();
  let isClosing = false;

  const end = async (session: Session): Promise<void> => {
    sessions.delete(session.id);
    await session.server.close();
  };
  const reaper = setInterval(
    () => {
      const oldestMs = nowMs() - options.idleMs;
      for (const session of [...sessions.values()]) {
        if (session.open === 0 && session.lastUsedMs < oldestMs) void end(session);
      }
    },
    Math.min(options.idleMs, 30_000),
  );
  reaper.unref();

  const open = async ({ id, principal, handle }: Opening): Promise<NodeStreamableHTTPServerTransport> => {
    const server = options.createServer({ principal, session: () => id });
    const events = replay.of(id);
    let leaveRoom = (): void => undefined;
    const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: handle,
      eventStore: events.store,
      retryInterval: retryMs,
      onsessioninitialized: () => {
        const session = { id, caller: idOf(principal), server, transport, events, open: 0, lastUsedMs: nowMs() };
        leaveRoom = options.room.enter(session, () => void end(session));
        sessions.set(id, session);
      },
    });
    await server.connect(transport);
    server.server.onclose = () => {
      sessions.delete(id);
      leaveRoom();
      events.clear();
      // What ends with this program may go on elsewhere.
      if (!isClosing) ended.add(id, nowMs() + handleLifeMs);
      options.onEnded(id);
    };
    return transport;
  };

  const begin = async (
    req: IncomingMessage,
    res: ServerResponse,
    { principal, body }: LegacyRequest,
  ): Promise<void> => {
    const id = randomUUID();
    const greeting = readGreeting(body);
    const handle = (): string => replicas.seal({ kind: "session", id, endpoint: path, principal, greeting });
    const transport = await open({ id, principal, handle });
    await transport.handleRequest(req, res, body);
  };

  const reopen = async (text: string, { id, greeting }: Handle & { greeting: Greeting }, principal: Principal) => {
    const transport = await open({ id, principal, handle: () => text });
    await greet(transport, greeting, () => text);
    replicas.metrics.countMoved();
  };

  /** The session of a handle, opened again where it has to be; undefined where it was ended. */
  const find = async (text: string, handle: Handle, principal: Principal): Promise<Session | undefined> => {
    const { greeting, id } = handle;
    const known = sessions.get(id);
    if (known !== undefined || ended.has(id) || greeting === undefined || isClosing) return known;
    const under = reopening.get(id) ?? reopen(text, { ...handle, greeting }, principal);
    reopening.set(id, under);
    await under.finally(() => reopening.delete(id));
    return sessions.get(id);
  };

  const use = async (session: Session, req: IncomingMessage, serve: { res: ServerResponse; body: unknown }) => {
    session.open++;
    serve.res.once("close", () => {
      session.open--;
      session.lastUsedMs = nowMs();
    });
    sessions.delete(session.id);
    sessions.set(session.id, session);
    await session.transport.handleRequest(req, serve.res, serve.body);
  };

  const resume = async (session: Session, req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { "last-event-id": lastEventId } = req.headers;
    const outcome = typeof lastEventId === "string" ? session.events.judge(lastEventId) : "replay";
    if (outcome === "lost") {
      sendError(res, refuseFor("SessionUnknown", "What was sent after this event is not kept."));
      return;
    }
    const isFresh = outcome === "fresh";
    if (isFresh) forgetHeader(req, "last-event-id");
    const serving = use(session, req, { res, body: undefined });
    // News that were missed can't be told one by one.
    if (isFresh) tellListsChanged(session.server);
    await serving;
  };

  /** A request of a session that is served here, if anywhere. */
  const serveHere = async (req: IncomingMessage, res: ServerResponse, asked: LegacyRequest & HeldHandle) => {
    const { text, handle, principal, body } = asked;
    const session = await find(text, handle, principal);
    if (session === undefined) {
      replicas.metrics.countRefusedHandle(ended.has(handle.id) ? "ended" : "gone");
      sendError(res, refuseFor("SessionUnknown"));
    } else if (req.method === "GET") await resume(session, req, res);
    else await use(session, req, { res, body });
  };

  return {
    handle: async (req, res, asked) => {
      const { principal, bytes, body, isForwarded } = asked;
      const text = req.headers["mcp-session-id"];
      if (typeof text !== "string") {
        const refusal = refuseWithoutSession(req, body);
        if (refusal === undefined) await begin(req, res, asked);
        else sendError(res, refusal);
        return;
      }
      const opened = replicas.open(text, { kind: "session", principal, endpoint: path });
      if (!opened.ok) {
        sendError(res, refuseFor("SessionUnknown"));
        return;
      }
      const { handle } = opened;
      const isOpen = sessions.has(handle.id);
      const placed = await replicas.place(handle, { req, res, principal, body: bytes, isForwarded, isOpen });
      if (placed === "here") await serveHere(req, res, { ...asked, text, handle });
      else if (placed === "broken") sendError(res, refuseBroken(body));
      else if (placed === "gone") sendError(res, refuseFor("SessionUnknown"));
    },
    tellChanged: (list) => {
      for (const { server } of sessions.values()) server.tellChanged(list);
    },
    count: () => sessions.size,
    close: async () => {
      isClosing = true;
      clearInterval(reaper);
      await Promise.all([...sessions.values()].map(end));
    },
  };
}

/** When a client should open a stream again that has ended. */
const retryMs = 1_000;

function tellListsChanged(server: RawServer): void {
  for (const list of changedLists) server.tellChanged(list);
}

/** As if it had not come: the SDK reads both forms of the headers. */
function forgetHeader(req: IncomingMessage, name: string): void {
  Reflect.deleteProperty(req.headers, name);
  const pairs = req.rawHeaders.flatMap((each, index, all) => (index % 2 === 0 ? [[each, all[index + 1] ?? ""]] : []));
  req.rawHeaders = pairs.filter(([each]) => each?.toLowerCase() !== name).flat();
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
