/**
 * Sessions of clients of the older HTTP+SSE transport at one endpoint: opened by a stream, ended with it. Decides whether one more is
 * opened and which session a message belongs to, which may be one of another replica; the server behind a session is the same as behind
 * one of Streamable HTTP.
 * Source: MCP 2024-11-05 transports, "HTTP with SSE".
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Principal } from "../../auth/principal.ts";
import type { Replicas } from "../../replicas/replicas.ts";
import { readClaims } from "../claims.ts";
import type { ChangedList, RawServer } from "../raw-server.ts";
import { receiveBody } from "../receive.ts";
import { refuseBroken, refuseFor, sendError, type Refusal } from "../respond.ts";
import type { ServedCaller } from "../server.ts";
import { openEventStream, type EventStream } from "./event-stream.ts";
import { messagesOf, readSessionId } from "./paths.ts";
import { refuseForOlder } from "./refuse.ts";
import { createOlderTransport, type OlderTransport } from "./transport.ts";

/** What the sessions need. */
export interface OlderSessionsOptions {
  /** The endpoint's own path. */
  readonly path: string;
  /** What stands before it in the addresses that clients know; none where absent. */
  readonly basePath?: string;
  readonly replicas: Replicas;
  readonly createServer: (caller: ServedCaller) => RawServer;
  readonly onEnded: (sessionId: string) => void;
  readonly nowMs: () => number;
  readonly maxSessions?: number;
  /** Requests under way per session. */
  readonly maxPending?: number;
}

/** The sessions of an endpoint. */
export interface OlderSessions {
  /** Opens a session: the response is its stream from now on. */
  readonly open: (res: ServerResponse, principal: Principal) => Promise<void>;
  /** Takes what a client posted and answers the POST. Errors: 404 unknown session, 400 and 415 as for any message, 429 too many. */
  readonly post: (req: IncomingMessage, res: ServerResponse, posted: OlderPost) => Promise<void>;
  /** Tells all sessions to read a list again. */
  readonly tellChanged: (list: ChangedList) => void;
  readonly count: () => number;
  /** Ends all streams in order. */
  readonly close: () => Promise<void>;
}

/** What was posted, by whom, and whether another replica has passed it on. */
export interface OlderPost {
  readonly principal: Principal;
  readonly body: Uint8Array;
  readonly isForwarded: boolean;
}

interface Session {
  readonly server: RawServer;
  readonly transport: OlderTransport;
  readonly stream: EventStream;
}

const defaultMaxSessions = 1_000;
const defaultMaxPending = 256;
const tendMs = 1_000;

/** Creates the table, empty. */
export function createOlderSessions(options: OlderSessionsOptions): OlderSessions {
  const {
    maxSessions = defaultMaxSessions,
    maxPending = defaultMaxPending,
    nowMs,
    path,
    basePath = "",
    replicas,
  } = options;
  const sessions = new Map<string, Session>();
  const waitingOnAll = (): number => [...sessions.values()].reduce((sum, { stream }) => sum + stream.waitingBytes(), 0);
  let timer: NodeJS.Timeout | undefined;
  const tendAll = (): void => {
    const now = nowMs();
    for (const { stream } of [...sessions.values()]) stream.tend(now);
  };
  const forget = (id: string): void => {
    const session = sessions.get(id);
    sessions.delete(id);
    if (sessions.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    options.onEnded(id);
    // What is under way ends with its session; closing this transport can't fail.
    void session?.server.close();
  };

  return {
    open: async (res, principal) => {
      if (sessions.size >= maxSessions) {
        const message = `No more than ${maxSessions} streams of the older transport may be open here at once; try again later.`;
        sendError(res, { ...refuseFor("FloodLimited", message), retryAfterSeconds: 5 });
        return;
      }
      // Who has gone while the request waited is told to nobody any more.
      if (res.destroyed) return;
      const id = randomUUID();
      const server = options.createServer({ principal, session: () => id });
      const transport = createOlderTransport({
        sessionId: id,
        maxPending,
        send: (json) => sessions.get(id)?.stream.send(json),
      });
      // Only who holds the handle, and is who it was sealed for, posts into the session.
      const handle = replicas.seal({ kind: "stream", id, endpoint: path, principal, greeting: undefined });
      const endpoint = messagesOf(basePath + path, handle);
      const stream = openEventStream(res, { endpoint, nowMs, waitingOnAll, onEnd: () => forget(id) });
      sessions.set(id, { server, transport, stream });
      timer ??= setInterval(tendAll, tendMs).unref();
      // Before its client can have read the first event.
      await server.connect(transport);
    },
    post: async (req, res, { principal, body, isForwarded }) => {
      const opened = replicas.open(readSessionId(req.url ?? ""), { kind: "stream", principal, endpoint: path });
      if (!opened.ok) {
        sendError(res, refuseFor("SessionUnknown"));
        return;
      }
      const { handle } = opened;
      const isOpen = sessions.has(handle.id);
      const placed = await replicas.place(handle, { req, res, principal, body, isForwarded, isOpen });
      if (placed === "answered") return;
      if (placed === "broken") {
        sendError(res, refuseBroken(undefined));
        return;
      }
      const session = sessions.get(handle.id);
      if (placed === "here" && session === undefined) replicas.metrics.countRefusedHandle("gone");
      const refusal =
        placed !== "here" || session === undefined ? refuseFor("SessionUnknown") : takeMessage(session, req, body);
      if (refusal === undefined) res.writeHead(202, { "content-length": "0" }).end();
      else sendError(res, refusal);
    },
    tellChanged: (list) => {
      for (const { server } of sessions.values()) server.tellChanged(list);
    },
    count: () => sessions.size,
    close: async () => {
      await Promise.all([...sessions.values()].map(({ stream }) => stream.end()));
    },
  };
}

/** The message passes what one of Streamable HTTP passes before its session takes it. */
function takeMessage({ transport }: Session, req: IncomingMessage, body: Uint8Array): Refusal | undefined {
  const received = receiveBody(body, req.headers);
  if (!received.ok) return received.refusal;
  return refuseForOlder(readClaims(req, received.value)) ?? transport.take(received.value);
}
