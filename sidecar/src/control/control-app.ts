/** The control port: the feed of states and the catalogues by digest. Read-only; it decides nothing about their content. */
import { feedPaths } from "@outrigger/api/feed";
import { fastify, type FastifyInstance, type FastifyReply } from "fastify";
import type { FeedSource } from "../catalog/publish.ts";
import { createFeedReaders } from "./feed-readers.ts";
import { isAllowedHost } from "./host.ts";

/** Options of the control port. `hosts`: names in the Host header that are accepted besides addresses, lower case. */
export interface ControlOptions {
  readonly source: FeedSource;
  readonly hosts: readonly string[];
  /** Streams at once; default 64. */
  readonly maxReaders?: number;
}

/**
 * Creates the app; the caller listens and closes. `GET /v1/feed` and `GET /v1/catalogues/<digest>` as packages/api feed.ts says.
 * Errors: 403 for a foreign Host, 404 for an unknown digest or path, 503 with too many readers.
 */
export function createControlApp(options: ControlOptions): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true, exposeHeadRoutes: false });
  const readers = createFeedReaders(options.source, options.maxReaders ?? 64);
  app.addHook("onRequest", async (request, reply) => {
    if (!isAllowedHost(request.headers.host, options.hosts))
      await reply.code(403).send({ error: "the Host is not allowed" });
  });
  app.addHook("preClose", (done) => {
    readers.close();
    done();
  });
  app.get(feedPaths.feed, (_request, reply) => {
    if (readers.add(reply.raw)) return reply.hijack();
    return reply.code(503).header("retry-after", "5").send({ error: "too many readers" });
  });
  app.get<{ Params: { digest: string } }>(`${feedPaths.catalogue}:digest`, (request, reply) =>
    sendCatalogue(reply, options.source.findCatalogue(request.params.digest)),
  );
  return app;
}

/** A digest names one content for ever, so it may be kept for ever by who asked. */
function sendCatalogue(reply: FastifyReply, json: Buffer | undefined): FastifyReply {
  if (json === undefined) return reply.code(404).send({ error: "no such catalogue" });
  return reply.type("application/json").header("cache-control", "private, immutable, max-age=31536000").send(json);
}
