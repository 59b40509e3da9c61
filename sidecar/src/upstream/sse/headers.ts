/** Which headers of a client's request go to a server of the older transport: all but those that only the newer one has. */

/** Headers of Streamable HTTP. A session is ours, so its id means nothing to the server. */
const ofStreamableHttp: ReadonlySet<string> = new Set(["mcp-session-id", "last-event-id", "mcp-method", "mcp-name"]);
/** Headers about a body, which a GET has not, and about an answer, which is an event stream here. */
const ofPosts: ReadonlySet<string> = new Set(["content-type", "content-length", "accept", "mcp-protocol-version"]);

/** The headers of a message, of those of the request that brought it. Flat lists, names in lower case. */
export function headersOfMessage(headers: readonly string[]): string[] {
  return without(headers, (name) => ofStreamableHttp.has(name));
}

/** The headers of the stream, of those of the request that opens the session. */
export function headersOfStream(headers: readonly string[]): string[] {
  const kept = without(headers, (name) => ofStreamableHttp.has(name) || ofPosts.has(name));
  return [...kept, "accept", "text/event-stream"];
}

function without(headers: readonly string[], isDropped: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = (headers[at] ?? "").toLowerCase();
    if (!isDropped(name)) kept.push(name, headers[at + 1] ?? "");
  }
  return kept;
}
