/**
 * Asks a server whether it is alive, by the cheapest question that its era has: modern `server/discover`, legacy `ping` on the
 * session that is open anyway, else a GET that a server refuses; a stdio server by its processes. Decides nothing about health.
 * Source: MCP 2025-11-25 "Ping", 2026-07-28 "Discovery".
 */
import type { Connection } from "../catalog/connect.ts";
import { buildBodiless, type Reply, type ServerAccess } from "../catalog/ask.ts";
import type { StdioStatus } from "../stdio/process/children.ts";
import type { Evidence } from "./judge-health.ts";

/** What a prober needs. `connection`: the catalogue's own; it is never opened for a probe. */
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
    if (open?.connection.era === "modern") return askConnection(open.connection, "server/discover");
    if (open?.isWatching === true) return askConnection(open.connection, "ping");
    return knock(options.access);
  };
}

function judgeProcess(status: StdioStatus): Evidence | undefined {
  const { state, reason, message } = status;
  if (state === "BackingOff" || state === "Closed") return { kind: "Failed", reason, message, isFinal: true };
  if (reason === "ProcessExited") return { kind: "Failed", reason, message, isFinal: false };
  return reason === "Serving" ? { kind: "Answered" } : undefined;
}

async function askConnection(connection: Connection, method: string): Promise<Evidence> {
  const reply = await connection.request(method);
  return judgeReply(reply);
}

function judgeReply(reply: Reply): Evidence {
  switch (reply.type) {
    case "result":
      return { kind: "Answered" };
    case "error":
      return isRefusal(reply.status) ? unauthorized(reply.status) : { kind: "Answered" };
    case "status":
      return judgeStatus(reply.status);
    case "failure":
      return failed(reply.failure.message);
  }
}

/**
 * Asks with a GET outside any session: whatever is refused, for want of a session or of credentials, shows that somebody is there.
 * Whether the credentials are wanting for good, the list tells. Leaves at the head of the answer.
 */
function knock(access: ServerAccess): Promise<Evidence> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      call.abort();
      resolve(failed(`the server did not answer within ${access.timeoutMs} ms`));
    }, access.timeoutMs);
    const finish = (evidence: Evidence): void => {
      clearTimeout(timer);
      resolve(evidence);
    };
    const call = access.upstream.send(buildBodiless(access, "GET", {}), {
      onHead(status) {
        finish(isRefusal(status) ? { kind: "Answered" } : judgeStatus(status));
        queueMicrotask(() => call.abort());
      },
      onData: () => true,
      onEnd: () => undefined,
      onFailure: ({ message }) => finish(failed(message)),
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
