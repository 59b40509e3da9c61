/**
 * Which requests are of the older HTTP+SSE transport: streams at `/sse` and `<path>/sse`, messages at `<path>/messages`. Where the
 * server itself speaks that transport, its own address is its stream's, as it was before the sidecar came. Pure.
 * Source: MCP 2024-11-05 transports, "HTTP with SSE".
 */

/** What a request is to this door. `query` with its question mark, or empty. */
export type DoorRequest =
  { readonly kind: "stream"; readonly query: string } | { readonly kind: "message"; readonly sessionId: string };

/** The parts of a request that say where it goes. */
export interface Addressed {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  /** Whether it names a session of Streamable HTTP. */
  readonly hasSession: boolean;
}

/** The addresses of one endpoint. */
export interface DoorPaths {
  /** Reads a request; undefined where it is none of this transport. */
  readonly read: (request: Addressed) => DoorRequest | undefined;
  /** Where the messages of a session go: a reference that is relative to the origin. */
  readonly messagesOf: (sessionId: string) => string;
}

const parameter = "sessionId";

/** The addresses beside the MCP endpoint `path`. `isOlder`: the server behind speaks the older transport. */
export function createDoorPaths(path: string, isOlder: () => boolean): DoorPaths {
  const base = path.replace(/\/+$/, "");
  const streams = new Set(["/sse", `${base}/sse`]);
  streams.delete(path);
  const messages = `${base}/messages`;
  const isStream = (at: string, hasSession: boolean): boolean =>
    streams.has(at) || (!hasSession && (at === path || at === `${base}/`) && isOlder());
  return {
    read({ method, url, hasSession }) {
      const queryAt = url.indexOf("?");
      const at = queryAt < 0 ? url : url.slice(0, queryAt);
      const query = queryAt < 0 ? "" : url.slice(queryAt);
      if (method === "GET") return isStream(at, hasSession) ? { kind: "stream", query } : undefined;
      if (method !== "POST" || at !== messages) return undefined;
      return { kind: "message", sessionId: new URLSearchParams(query).get(parameter) ?? "" };
    },
    messagesOf: (sessionId) => `${messages}?${parameter}=${encodeURIComponent(sessionId)}`,
  };
}
