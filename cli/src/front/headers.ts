/** The headers of a message's request: those of its era, and of the session that a legacy one belongs to. Pure. */
import type { FrontMessage } from "./message.ts";

/** A legacy session. `id` is absent where the endpoint keeps none. */
export interface FrontSession {
  readonly id: string | undefined;
  /** The revision that was agreed upon. */
  readonly version: string;
}

type Headers = Readonly<Record<string, string>>;

const post: Headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };

/** The headers of a POST. Source: MCP 2025-11-25 and 2026-07-28, basic/transports, "Streamable HTTP". */
export function headersOf(message: FrontMessage, session: FrontSession | undefined): Headers {
  if (message.claimed === undefined)
    return message.method === "initialize" ? post : { ...post, ...sessionHeaders(session) };
  return {
    ...post,
    "mcp-protocol-version": message.claimed,
    ...(message.method === "" ? {} : { "mcp-method": message.method }),
    ...(message.nameHeader === undefined ? {} : { "mcp-name": message.nameHeader }),
  };
}

/** What each request of a legacy session carries. */
export function sessionHeaders(session: FrontSession | undefined): Headers {
  if (session === undefined) return {};
  return {
    "mcp-protocol-version": session.version,
    ...(session.id === undefined ? {} : { "mcp-session-id": session.id }),
  };
}

/** The headers of a GET for a session's stream, from behind an event where one is named. */
export function streamHeaders(session: FrontSession | undefined, lastEventId: string | undefined): Headers {
  return {
    accept: "text/event-stream",
    ...sessionHeaders(session),
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  };
}
