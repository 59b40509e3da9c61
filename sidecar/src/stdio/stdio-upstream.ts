/**
 * Offers a stdio server as Streamable HTTP. It decides which child a request belongs to and when one is started:
 * a legacy session has a child of its own, modern requests of one caller share one. The era is not translated here.
 * Source: MCP 2025-11-25 and 2026-07-28 "stdio" and "Streamable HTTP" transports.
 */
import type { Logger } from "@outrigger/runtime/logger";
import type { Upstream, UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";
import type { BackOffBounds } from "./process/back-off.ts";
import { createChildren, type ChildEvent, type StdioStatus } from "./process/children.ts";
import type { StreamSource } from "./process/streams.ts";
import { accepted, answerShortly, failShortly } from "../bridge/http/refuse.ts";
import type { Link } from "../bridge/link.ts";
import { createSessions, unused } from "../bridge/sessions.ts";
import type { Child } from "./process/child.ts";
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
  const shared = new Map<string, SharedChild>();

  /** A shared child that does nothing gives way to whoever needs a child; its caller gets a new one at any time. */
  const makeRoom = (): void => {
    if (!children.isFull()) return;
    const idle = [...shared.values()].map((each) => ({ each, idleMs: each.idleForMs(now()) }));
    const longest = idle.toSorted((a, b) => b.idleMs - a.idleMs)[0];
    if (longest !== undefined && longest.idleMs > 0) longest.each.child.stop("another caller needs its place");
  };
  const sessions = createSessions({
    maxPending,
    now,
    random: options.random,
    idleMs: options.sessionIdleMs,
    findObstacle() {
      makeRoom();
      return children.findObstacle("legacy");
    },
    start: (_request, listener) => linkTo(children.start("legacy", listener)),
  });
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
    sessions.tend();
    for (const lane of shared.values()) {
      lane.tend(now());
      if (lane.idleForMs(now()) > options.sessionIdleMs) lane.child.stop(unused);
    }
  };
  const timer = setInterval(tendAll, Math.max(20, Math.min(1_000, options.sessionIdleMs / 2)));
  timer.unref();

  return {
    send: (request, sink) => (isModern(request) ? sendModern(request, sink) : sessions.send(request, sink)),
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

/** What is queued for a process counts as taken: nothing comes back that says otherwise. */
function linkTo(child: Child): Link {
  return {
    ...child,
    write(message, { onTaken }) {
      const queued = child.write(message);
      if (queued !== undefined) onTaken();
      return queued;
    },
  };
}
