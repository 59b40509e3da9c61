/**
 * Asks a server whether it is alive, by the cheapest question that its era has: modern `server/discover`, legacy `ping` on the
 * session that is open anyway, else a GET that a server refuses; a stdio server by its processes. Decides nothing about health.
 * Source: MCP 2025-11-25 "Ping", 2026-07-28 "Discovery".
 */
import type { Connection } from "../catalog/connect.ts";
import { buildBodiless, type Reply, type ServerAccess } from "../catalog/ask.ts";
import type { StdioStatus } from "../stdio/process/children.ts";
import { isEventStream } from "../upstream/headers.ts";
import type { Evidence } from "./judge-health.ts";

/** What a prober needs. `access` with the time-out of a check; `connection`: the catalogue's own, never opened for a probe. */
export interface ProberOptions {
  readonly access: ServerAccess;
  readonly connection: () => { readonly connection: Connection; readonly isWatching: boolean } | undefined;
  /** Present for a stdio server. */
  readonly stdioStatus?: (() => StdioStatus) | undefined;
}

/** Asks once; undefined where there is no news, for instance while a process starts. Never rejects. */
export type Prober = () => Promise<Evidence | undefined>;

/** Creates the prober. */
export function createProber(options: ProberOptions): Prober {
  return () => {
    const { stdioStatus } = options;
    if (stdioStatus !== undefined) return Promise.resolve(judgeProcess(stdioStatus()));
    const open = options.connection();
    const { access } = options;
    if (open?.connection.era === "modern") return askConnection(open.connection, "server/discover", access.timeoutMs);
    // Without a session a ping needs none; with one only while a stream keeps it open anyway.
    if (open !== undefined && (open.isWatching || open.connection.sessionId === undefined))
      return askConnection(open.connection, "ping", access.timeoutMs);
    return knock(access);
  };
}

function judgeProcess(status: StdioStatus): Evidence | undefined {
  const { state, reason, message } = status;
  if (state === "BackingOff" || state === "Closed") return { kind: "Failed", reason, message, isFinal: true };
  if (reason === "ProcessExited") return { kind: "Failed", reason, message, isFinal: false };
  return reason === "Serving" ? { kind: "Answered" } : undefined;
}

/** The connection has a time-out of its own, which is the catalogue's: a health check may have less. */
async function askConnection(connection: Connection, method: string, timeoutMs: number): Promise<Evidence> {
  const { promise: late, resolve } = Promise.withResolvers<Evidence>();
  const timer = setTimeout(() => resolve(failed(silenceOf(timeoutMs))), timeoutMs);
  try {
    return await Promise.race([connection.request(method).then(judgeReply), late]);
  } finally {
    clearTimeout(timer);
  }
}

function judgeReply(reply: Reply): Evidence {
  if (reply.type === "failure") return failed(reply.failure.message);
  if (reply.status >= 500) return judgeStatus(reply.status);
  switch (reply.type) {
    case "result":
      return { kind: "Answered" };
    case "error":
      return isRefusal(reply.status) ? unauthorized(reply.status) : { kind: "Answered" };
    case "status":
      return judgeStatus(reply.status);
  }
}

const silenceOf = (timeoutMs: number): string => `the server did not answer within ${timeoutMs} ms`;

/** Of an answer to a GET no more is read, and a connection with more to read is ended. */
const mostReadBytes = 65_536;

/**
 * Asks with a GET outside any session: whatever is refused, for want of a session or of credentials, shows that somebody is there.
 * Whether the credentials are wanting for good, the list tells. A stream is left at its head; anything else is read to its end, so that
 * its connection stays and tells by its own end when the server goes.
 */
function knock(access: ServerAccess): Promise<Evidence> {
  return new Promise((resolve) => {
    let bytes = 0;
    const leave = (): void => {
      clearTimeout(timer);
      call.abort();
    };
    const timer = setTimeout(() => {
      call.abort();
      resolve(failed(silenceOf(access.timeoutMs)));
    }, access.timeoutMs);
    const call = access.upstream.send(buildBodiless(access, "GET", {}), {
      onHead(status, headers) {
        resolve(isRefusal(status) ? { kind: "Answered" } : judgeStatus(status));
        if (isEventStream(headers)) queueMicrotask(leave);
      },
      onData(chunk) {
        bytes += chunk.length;
        if (bytes > mostReadBytes) queueMicrotask(leave);
        return true;
      },
      onEnd: () => clearTimeout(timer),
      onFailure({ message }) {
        clearTimeout(timer);
        resolve(failed(message));
      },
    });
  });
}

function judgeStatus(status: number): Evidence {
  if (isRefusal(status)) return unauthorized(status);
  return status >= 500 ? failed(`the server answered with HTTP ${status}`) : { kind: "Answered" };
}

const isRefusal = (status: number): boolean => status === 401 || status === 403;

function unauthorized(status: number): Evidence {
  return { kind: "Unauthorized", message: `the server answered with HTTP ${status}` };
}

function failed(message: string): Evidence {
  return { kind: "Failed", reason: "ProbeFailed", message, isFinal: false };
}
