/**
 * What changes nothing is sent once more where the server ended a kept connection before a byte of its answer: nobody can know in time
 * that a server ends what it takes for idle. A call never is: it may have run. Source: RFC 9110 section 9.2.2, RFC 9112 section 9.3.1.
 */
import type { UpstreamCall, UpstreamRequest } from "../upstream.ts";
import type { ConnectionSink, OutgoingRequest } from "./connection.ts";
import type { Connections, Use } from "./connections.ts";

/** Methods that ask and change nothing. A session that `initialize` opened and nobody heard of is one that nobody uses. */
const safeMethods: ReadonlySet<string | undefined> = new Set([
  "initialize",
  "ping",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "server/discover",
  "tasks/get",
  "tasks/list",
  "tools/list",
]);

/** Whether a request may be sent twice. */
export const isSafe = ({ method, message }: UpstreamRequest): boolean =>
  method === "GET" || safeMethods.has(message?.method);

/** Sends a safe request; undefined where as many are under way as may be. */
export function sendSafely(
  connections: Connections,
  { use, request }: { readonly use: Use; readonly request: OutgoingRequest },
  sink: ConnectionSink,
): UpstreamCall | undefined {
  let current: UpstreamCall | undefined;
  const first = connections.send(use, request, {
    onHead: (status, headers) => sink.onHead(status, headers),
    onData: (chunk) => sink.onData(chunk),
    onEnd: () => sink.onEnd(),
    onFailure: (failure) => {
      current = failure.isStale === true ? connections.send(use, { ...request, isFresh: true }, sink) : undefined;
      if (current === undefined) sink.onFailure(failure);
    },
  });
  if (first === undefined) return undefined;
  current ??= first;
  return { resume: () => current?.resume(), abort: (why) => current?.abort(why) };
}
