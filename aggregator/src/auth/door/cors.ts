/**
 * What web pages of other origins may do: those that were named, by CORS, and without cookies. Loopback pages that nobody named may call as
 * before and read no answer. Pure. Source: Fetch standard, "CORS protocol".
 */

/** Headers that are set on each answer to a page of a named origin. `Vary` goes on all others, too, so that no cache mixes them up. */
export function answerHeaders(origin: string | undefined): Readonly<Record<string, string>> {
  if (origin === undefined) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers":
      "Mcp-Session-Id, Mcp-Protocol-Version, WWW-Authenticate, Retry-After, Outrigger-Request-Id",
  };
}

const takenHeader =
  /^(?:accept|authorization|content-type|last-event-id|x-api-key|traceparent|tracestate|baggage|outrigger-[a-z-]+|mcp-[a-z0-9-]+)$/;

/** Headers of the answer to a preflight; of the headers that were asked for those that mean something here. */
export function preflightHeaders(asked: string | undefined): Readonly<Record<string, string>> {
  const names = (asked ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  const taken = names.filter((name) => takenHeader.test(name));
  return {
    "access-control-allow-methods": "GET, POST, DELETE",
    ...(taken.length > 0 ? { "access-control-allow-headers": taken.join(", ") } : {}),
    "access-control-max-age": "600",
  };
}
