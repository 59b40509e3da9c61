/**
 * Makes of a message of the older transport the request of Streamable HTTP that it would be: the client's own headers, with those
 * that the newer transport asks for. Source: MCP 2025-11-25 transports, "Session Management", "Protocol Version Header".
 */
import type { Received } from "../call/received.ts";

/** What the server told when the session was opened; both absent before. */
export interface ServerSession {
  readonly id?: string | undefined;
  readonly version?: string | undefined;
}

/** What is asked. `path`: the server's path and query; `lastEventId`: where a GET goes on. */
export interface Asked {
  readonly method: Received["method"];
  readonly path: string;
  readonly session: ServerSession;
  readonly lastEventId?: string | undefined;
}

/** What a client of the older transport cannot mean: these are the newer one's, and ours to set. */
const replaced: ReadonlySet<string> = new Set(["accept", "mcp-session-id", "mcp-protocol-version", "last-event-id"]);
/** A GET and a DELETE have no body to speak of. */
const ofBodies: ReadonlySet<string> = new Set(["content-type", "content-length"]);

/** Builds the request from one of the same client's: for a POST the one that brought the message. */
export function buildExchange(from: Received, asked: Asked): Received {
  const { method, path } = asked;
  const added = headersFor(asked);
  const isKept = (name: string): boolean => !replaced.has(name) && (method === "POST" || !ofBodies.has(name));
  const rawHeaders = from.rawHeaders.filter((_, at) => isKept((from.rawHeaders[at - (at % 2)] ?? "").toLowerCase()));
  return {
    ...from,
    method,
    path,
    rawHeaders: [...rawHeaders, ...Object.entries(added).flat()],
    headers: { ...Object.fromEntries(Object.entries(from.headers).filter(([name]) => isKept(name))), ...added },
    body: method === "POST" ? from.body : undefined,
  };
}

function headersFor({ method, session, lastEventId }: Asked): Record<string, string> {
  return {
    ...(method === "POST" ? { accept: "application/json, text/event-stream" } : {}),
    ...(method === "GET" ? { accept: "text/event-stream" } : {}),
    ...(session.id === undefined ? {} : { "mcp-session-id": session.id }),
    ...(session.version === undefined ? {} : { "mcp-protocol-version": session.version }),
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  };
}
