/**
 * Offers a stdio server as Streamable HTTP. It decides which child a request belongs to and when one is started or ended:
 * a legacy session has a child of its own, modern requests of one caller share one. The era is not translated here.
 * Source: MCP 2025-11-25 and 2026-07-28 "stdio" and "Streamable HTTP" transports.
 */
import type { Logger } from "@outrigger/runtime/logger";
import type { Upstream, UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";
import type { BackOffBounds } from "./process/back-off.ts";
import { createChildren, type ChildEvent, type StdioStatus } from "./process/children.ts";
import type { StreamSource } from "./process/streams.ts";
import { readPost } from "./http/post.ts";
import { accepted, answerShortly, failShortly, idOf, refusal, sessionEnded } from "./http/refuse.ts";
import { createSession, type Session } from "./session.ts";
import { createSharedChild, type SharedChild } from "./shared-child.ts";

/** What a stdio server is run with. Times in ms, sizes in bytes. `random` gives session ids: visible ASCII, unguessable. */
export interface StdioOptions {
  /** Where sessions get their byte streams from; it is closed with the upstream. */
  readonly source: StreamSource;
  /** Children in use at once: sessions, and shared children of modern callers. */
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  readonly maxLineBytes: number;
  readonly restart: BackOffBounds;
  readonly random: () => string;
  readonly now: () => number;
  readonly logger: Logger;
  readonly onChildEvent?: (event: ChildEvent) => void;
  /** Requests under way per child. */
  readonly maxPending?: number;
  /** What waits for a child that does not read. */
  readonly maxQueuedBytes?: number;
}

/** The upstream of a stdio server, with what there is to say about its processes. */
export interface StdioUpstream extends Upstream {
  readonly status: () => StdioStatus;
}

/** Creates the upstream; no process is started before the first request. */
export function createStdioUpstream(options: StdioOptions): StdioUpstream {
  const { now, logger } = options;
  const maxPending = options.maxPending ?? 256;
  const children = createChildren({
    settings: {
      source: options.source,
      maxLineBytes: options.maxLineBytes,
      maxQueuedBytes: options.maxQueuedBytes ?? 16 * 1024 ** 2,
      logger,
      now,
    },
    maxChildren: options.maxSessions,
    restart: options.restart,
    logger,
    now,
    onEvent: options.onChildEvent ?? (() => undefined),
  });
  const sessions = new Map<string, Session>();
  const shared = new Map<string, SharedChild>();

  const findSession = ({ sessionId, caller }: UpstreamRequest): Session | undefined => {
    const session = sessionId === undefined ? undefined : sessions.get(sessionId);
    // A session is bound to who opened it; to others it does not exist.
    return session?.caller === caller ? session : undefined;
  };
  /** A shared child that does nothing gives way to whoever needs a child; its caller gets a new one at any time. */
  const makeRoom = (): void => {
    if (!children.isFull()) return;
    const idle = [...shared.values()].map((each) => ({ each, idleMs: each.idleForMs(now()) }));
    const longest = idle.toSorted((a, b) => b.idleMs - a.idleMs)[0];
    if (longest !== undefined && longest.idleMs > 0) longest.each.child.stop("another caller needs its place");
  };
  const openSession = (request: UpstreamRequest, sink: UpstreamSink): UpstreamCall => {
    const read = readPost(request, () => false);
    if (!read.ok) return answerShortly(sink, read.refused);
    makeRoom();
    const obstacle = children.findObstacle("legacy");
    if (obstacle !== undefined) return failShortly(sink, obstacle);
    const id = options.random();
    const session = createSession({
      id,
      caller: request.caller,
      maxPending,
      now,
      start: (listener) => children.start("legacy", listener),
      onEnd: () => sessions.delete(id),
    });
    sessions.set(id, session);
    return session.post(request, sink);
  };
  const sendLegacy = (request: UpstreamRequest, sink: UpstreamSink): UpstreamCall => {
    const isOpening = request.message?.method === "initialize";
    if (request.sessionId === undefined && isOpening) return openSession(request, sink);
    const session = findSession(request);
    if (session === undefined) return answerShortly(sink, refuseSession(request));
    if (isOpening) return answerShortly(sink, refusal(400, "the session is open already", idOf(request)));
    if (request.method === "GET") return session.listen(request, sink);
    if (request.method === "POST") return session.post(request, sink);
    session.child.stop("the session was deleted");
    return answerShortly(sink, sessionEnded);
  };
  const sendModern = (request: UpstreamRequest, sink: UpstreamSink): UpstreamCall => {
    const running = shared.get(request.caller);
    if (running !== undefined) return running.post(request, sink);
    if (request.message?.type !== "request") return answerShortly(sink, accepted);
    makeRoom();
    const obstacle = children.findObstacle("modern");
    if (obstacle !== undefined) return failShortly(sink, obstacle);
    const started = createSharedChild({
      maxPending,
      now,
      start: (listener) => children.start("modern", listener),
      onEnd: () => {
        if (shared.get(request.caller) === started) shared.delete(request.caller);
      },
    });
    shared.set(request.caller, started);
    return started.post(request, sink);
  };
  const tendAll = (): void => {
    for (const lane of [...sessions.values(), ...shared.values()]) {
      lane.tend(now());
      if (lane.idleForMs(now()) > options.sessionIdleMs) lane.child.stop("nobody used it for the idle time");
    }
  };
  const timer = setInterval(tendAll, Math.max(20, Math.min(1_000, options.sessionIdleMs / 2)));
  timer.unref();

  return {
    send: (request, sink) => (isModern(request) ? sendModern(request, sink) : sendLegacy(request, sink)),
    status: children.status,
    close() {
      clearInterval(timer);
      return children.close();
    },
  };
}

/** The claim in the body decides, malformed or not; a header never does. Source: MCP 2026-07-28, "Versioning". */
function isModern({ message }: UpstreamRequest): boolean {
  return message?.claimedVersion !== undefined || message?.claimMalformed === true;
}

function refuseSession(request: UpstreamRequest): ReturnType<typeof refusal> {
  return request.sessionId === undefined
    ? refusal(400, "the header Mcp-Session-Id is missing", idOf(request))
    : refusal(404, "the session is not known or has ended", idOf(request));
}
