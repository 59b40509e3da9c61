/**
 * How a server that listens is spoken to: as its owner said, or as was found out. Until something was found it counts as one of
 * Streamable HTTP, whose bytes pass unchanged. Who asks the server is catalog/connect.ts.
 */
import type { FeedTransport } from "@outrigger/api/feed";
import type { HttpUpstream } from "./http.ts";
import type { Upstream } from "./upstream.ts";

/** The transports of a server that listens. */
export type HttpTransport = "streamable-http" | "sse";

/** What the choice needs. `openSse` is called once at most, when the server is first spoken to that way. */
export interface TransportOptions {
  readonly declared: HttpTransport | undefined;
  readonly http: HttpUpstream;
  readonly openSse: () => HttpUpstream;
  readonly wallNow: () => number;
  readonly onFound: (transport: FeedTransport) => void;
}

/** The server in the transport of now. */
export interface TransportChoice {
  readonly upstream: HttpUpstream;
  /** What is known from the start. */
  readonly declared: FeedTransport | undefined;
  /** Takes what was found out; undefined where nothing is to be found out. */
  readonly found: ((kind: HttpTransport) => void) | undefined;
}

/** Creates the choice. A declared transport costs nothing more than itself. */
export function chooseTransport(options: TransportOptions): TransportChoice {
  const { declared, http, wallNow } = options;
  if (declared === undefined) return detectTransport(options);
  return {
    upstream: declared === "sse" ? options.openSse() : http,
    declared: { kind: declared, by: "configuration", atMs: wallNow() },
    found: undefined,
  };
}

function detectTransport({ http, openSse, wallNow, onFound }: TransportOptions): TransportChoice {
  let sse: HttpUpstream | undefined;
  let current: Upstream = http;
  return {
    upstream: {
      send: (request, sink) => current.send(request, sink),
      inUse: http.inUse,
      close: () => (sse ?? http).close(),
    },
    declared: undefined,
    found(kind) {
      if (kind === "sse") sse ??= openSse();
      current = kind === "sse" && sse !== undefined ? sse : http;
      onFound({ kind, by: "detection", atMs: wallNow() });
    },
  };
}
