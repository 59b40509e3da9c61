/**
 * Where the older HTTP+SSE transport is beside an endpoint: streams at `/sse` behind its path, and for the endpoint of all servers at
 * `/sse` too, where clients of that time look; messages at `/messages` behind its path. The same as at a sidecar. Pure.
 * Source: MCP 2024-11-05 transports, "HTTP with SSE".
 */

const parameter = "sessionId";

/** The addresses of the streams of the endpoint at `path`, which may be a route's pattern. */
export function streamPaths(path: string): readonly string[] {
  return path === "/mcp" ? ["/sse", "/mcp/sse"] : [`${path}/sse`];
}

/** The address of the messages of the endpoint at `path`, which may be a route's pattern. */
export function messagePath(path: string): string {
  return `${path}/messages`;
}

/** Where the messages of a session go: a reference that is relative to the origin. */
export function messagesOf(path: string, sessionId: string): string {
  return `${messagePath(path)}?${parameter}=${encodeURIComponent(sessionId)}`;
}

/** The session that a message's address names; empty where it names none. */
export function readSessionId(url: string): string {
  const queryAt = url.indexOf("?");
  return queryAt < 0 ? "" : (new URLSearchParams(url.slice(queryAt)).get(parameter) ?? "");
}
