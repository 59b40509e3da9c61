/**
 * Offers a server of the older HTTP+SSE transport as Streamable HTTP: a session here is one event stream there. The server has no
 * other way to be asked, so a request outside a session is refused. The era is not translated.
 * Source: MCP 2024-11-05 and 2025-11-25 transports.
 */
import { overload } from "../../bridge/failure.ts";
import { createSessions } from "../../bridge/sessions.ts";
import type { HttpUpstream } from "../http.ts";
import { openSseLink, type SseServer } from "./link.ts";

/** What the server is used with. Times in ms. `random` gives session ids: visible ASCII, unguessable. */
export interface SseOptions extends SseServer {
  readonly http: HttpUpstream;
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  readonly random: () => string;
  readonly now: () => number;
  /** Requests under way per session. */
  readonly maxPending?: number;
}

/** The upstream of a server of the older transport. Its own connections are those of `http`, which is closed with it. */
export interface SseUpstream extends HttpUpstream {
  readonly sessions: () => number;
}

/** Creates the upstream; nothing is opened before the first session. */
export function createSseUpstream(options: SseOptions): SseUpstream {
  const { http, maxSessions, now } = options;
  const sessions = createSessions({
    maxPending: options.maxPending ?? 256,
    idleMs: options.sessionIdleMs,
    random: options.random,
    now,
    findObstacle: () =>
      sessions.count() >= maxSessions
        ? overload(`no more than ${maxSessions} sessions with this server may be open at once`)
        : undefined,
    start: (request, listener) => openSseLink(options, request, listener),
  });
  const timer = setInterval(sessions.tend, Math.max(20, Math.min(1_000, options.sessionIdleMs / 2)));
  timer.unref();
  return {
    // Who may be asked for a token is no matter of sessions (RFC 9728).
    send: (request, sink) =>
      request.method === "GET" && request.path.startsWith("/.well-known/")
        ? http.send(request, sink)
        : sessions.send(request, sink),
    sessions: sessions.count,
    inUse: http.inUse,
    close() {
      clearInterval(timer);
      sessions.stopAll("the sidecar is stopping");
      return http.close();
    },
  };
}
