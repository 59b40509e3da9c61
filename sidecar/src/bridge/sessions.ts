/**
 * The legacy sessions of one bridged server: which one a request belongs to, when one is opened, and that those which nobody uses
 * end. How many there may be and what a session is connected to is decided by whoever starts their links.
 * Source: MCP 2025-11-25 Streamable HTTP, "Session Management".
 */
import type { UpstreamCall, UpstreamFailure, UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";
import { readPost } from "./http/post.ts";
import { answerShortly, failShortly, idOf, refusal, sessionEnded } from "./http/refuse.ts";
import type { Link, LinkListener } from "./link.ts";
import { createSession, type Session } from "./session.ts";

/** What sessions need. Times in ms. `random` gives ids: visible ASCII, unguessable. */
export interface SessionsOptions {
  /** Requests under way per session. */
  readonly maxPending: number;
  readonly idleMs: number;
  readonly random: () => string;
  readonly now: () => number;
  /** Why no session can be opened now; undefined where one can. */
  readonly findObstacle: () => UpstreamFailure | undefined;
  /** Opens the link of a session for the request that asks for it. */
  readonly start: (request: UpstreamRequest, listener: LinkListener) => Link;
}

/** The sessions. */
export interface Sessions {
  readonly count: () => number;
  readonly send: (request: UpstreamRequest, sink: UpstreamSink) => UpstreamCall;
  /** What time does to sessions; to be called every second or so. */
  readonly tend: () => void;
  readonly stopAll: (message: string) => void;
}

/** Why a session ends that nobody uses. */
export const unused = "nobody used it for the idle time";

/** Creates an empty table. */
export function createSessions(options: SessionsOptions): Sessions {
  const { now, maxPending } = options;
  const sessions = new Map<string, Session>();

  const find = ({ sessionId, caller }: UpstreamRequest): Session | undefined => {
    const session = sessionId === undefined ? undefined : sessions.get(sessionId);
    // A session is bound to who opened it; to others it does not exist.
    return session?.caller === caller ? session : undefined;
  };
  const open = (request: UpstreamRequest, sink: UpstreamSink): UpstreamCall => {
    const read = readPost(request, () => false);
    if (!read.ok) return answerShortly(sink, read.refused);
    const obstacle = options.findObstacle();
    if (obstacle !== undefined) return failShortly(sink, obstacle);
    const id = options.random();
    const session = createSession({
      id,
      caller: request.caller,
      maxPending,
      now,
      start: (listener) => options.start(request, listener),
      onEnd: () => sessions.delete(id),
    });
    sessions.set(id, session);
    return session.post(request, sink);
  };

  return {
    count: () => sessions.size,
    send(request, sink) {
      const isOpening = request.message?.method === "initialize";
      if (request.sessionId === undefined && isOpening) return open(request, sink);
      const session = find(request);
      if (session === undefined) return answerShortly(sink, refuseSession(request));
      if (isOpening) return answerShortly(sink, refusal(400, "the session is open already", idOf(request)));
      if (request.method === "GET") return session.listen(request, sink);
      if (request.method === "POST") return session.post(request, sink);
      session.stop("the session was deleted");
      return answerShortly(sink, sessionEnded);
    },
    tend() {
      for (const session of sessions.values()) {
        session.tend(now());
        if (session.idleForMs(now()) > options.idleMs) session.stop(unused);
      }
    },
    stopAll(message) {
      for (const session of sessions.values()) session.stop(message);
    },
  };
}

function refuseSession(request: UpstreamRequest): ReturnType<typeof refusal> {
  return request.sessionId === undefined
    ? refusal(400, "the header Mcp-Session-Id is missing", idOf(request))
    : refusal(404, "the session is not known or has ended", idOf(request));
}
