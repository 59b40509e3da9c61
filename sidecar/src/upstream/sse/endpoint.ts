/**
 * Reads where a server of the older transport wants its messages: the data of the first event of its stream. It must be a place of
 * the server itself, since credentials go there. Source: MCP 2024-11-05 transports, "HTTP with SSE"; pure.
 */

/** What an endpoint is read against. `streamPath`: path and query of the stream; `origins`: names of the server's one origin, not none. */
export interface EndpointBase {
  readonly streamPath: string;
  readonly origins: readonly string[];
}

/** Path and query for messages, or why there is none. */
export type ReadEndpoint =
  { readonly ok: true; readonly path: string } | { readonly ok: false; readonly message: string };

/** Longer than any server's, and short enough for a request line. */
const maxLength = 4_096;

/** Reads the data of an `endpoint` event: a relative reference, or an address of the same origin. */
export function readEndpoint(data: string, { streamPath, origins }: EndpointBase): ReadEndpoint {
  const [origin = ""] = origins;
  const text = data.trim();
  if (text === "" || text.length > maxLength || !URL.canParse(text, origin + streamPath)) {
    return { ok: false, message: "the server's stream names an endpoint that is no address" };
  }
  const url = new URL(text, origin + streamPath);
  return origins.includes(url.origin)
    ? { ok: true, path: url.pathname + url.search }
    : {
        ok: false,
        message: `the server's stream names an endpoint of another origin (${url.origin.slice(0, 200)}): it must be relative, or of the server's own origin`,
      };
}
