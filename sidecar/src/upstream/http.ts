/** An HTTP server as upstream: raw bytes and raw headers both ways over kept connections; no call twice, no redirect, no timers. */
import type { LookupFunction } from "node:net";
import { createGuardedLookup } from "@outrigger/runtime/forbidden-address";
import { isSafe, sendSafely } from "./http1/again.ts";
import type { TlsFiles } from "./http1/connection.ts";
import { createConnections, type ConnectionLimits, type Connections } from "./http1/connections.ts";
import { writeHead } from "./http1/head.ts";
import { lookUpLocalhost } from "./http1/localhost.ts";
import type { Upstream, UpstreamCall } from "./upstream.ts";

/** The upstream of an HTTP server, with its connections under way. */
export interface HttpUpstream extends Upstream {
  readonly inUse: Connections["inUse"];
}

const nothing: UpstreamCall = { resume: () => undefined, abort: () => undefined };

/** The way there. `now`: a steady clock in ms; `lookup`: of names other than localhost; `tls`: files other than the usual authorities. */
export interface HttpWay {
  readonly now?: () => number;
  readonly lookup?: LookupFunction;
  readonly tls?: () => TlsFiles;
}

/** Creates the upstream for one origin such as `http://127.0.0.1:8080`. */
export function createHttpUpstream(origin: string, limits: ConnectionLimits, way: HttpWay = {}): HttpUpstream {
  const { protocol, hostname, port, host } = new URL(origin);
  const isTls = protocol === "https:";
  const place = {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (isTls ? 443 : 80) : Number(port),
    isTls,
    lookup: hostname === "localhost" ? lookUpLocalhost : (way.lookup ?? createGuardedLookup()),
    ...(way.tls === undefined ? {} : { tls: way.tls }),
  };
  const connections = createConnections(place, limits, way.now ?? (() => performance.now()));
  return {
    send: (request, sink) => {
      const { method, path, headers, body } = request;
      const bodyBytes = body === undefined ? undefined : body.length;
      const head = writeHead({ method, path, host, headers, bodyBytes });
      const use = method === "GET" ? "stream" : "call";
      const call = isSafe(request)
        ? sendSafely(connections, { use, request: { head, body } }, sink)
        : connections.send(use, { head, body }, sink);
      if (call !== undefined) return call;
      const message = "too many requests are under way to this server";
      sink.onFailure({ reason: "FloodLimited", message, sent: false });
      return nothing;
    },
    inUse: connections.inUse,
    close: () => {
      connections.close();
      return Promise.resolve();
    },
  };
}
