/** The simplest thing that can stand in a sidecar's place: pipes bytes both ways. With `host: "rewrite"` it does what careless proxies do, so that a loss can be shown. */
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A running passthrough. */
export interface Passthrough {
  url: string;
  close(): void;
}

/** Starts a passthrough to `upstreamUrl` on a free port of 127.0.0.1. `keep` forwards the caller's Host and Origin, `rewrite` puts the upstream's in their place unchecked. */
export async function startPassthrough(upstreamUrl: string, host: "keep" | "rewrite"): Promise<Passthrough> {
  const server = createServer((req, res) => forward(req, res, { upstreamUrl, host }));
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.listen(0, "127.0.0.1", () => resolve(undefined));
  await promise;
  // A server that listens on TCP has this form of address.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}${new URL(upstreamUrl).pathname}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function forward(
  req: IncomingMessage,
  res: ServerResponse,
  { upstreamUrl, host }: { upstreamUrl: string; host: "keep" | "rewrite" },
): void {
  const upstream = new URL(req.url ?? "/", upstreamUrl);
  const headers = host === "keep" ? req.headers : { ...req.headers, host: upstream.host, origin: upstream.origin };
  const call = request(upstream, { method: req.method ?? "GET", headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("error", () => res.destroy()).pipe(res);
  });
  call.on("error", () => res.destroy());
  res.on("close", () => call.destroy());
  req.pipe(call);
}
