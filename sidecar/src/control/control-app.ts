/** The control port: the feed of states, the catalogues by digest, how much the server is used. Read-only; it decides nothing of it. */
import { feedPaths, type Activity } from "@outrigger/api/feed";
import type { FeedSource } from "../catalog/publish.ts";
import { createHttpServer, type HttpServer } from "../downstream/http1/server.ts";
import type { Visit } from "../downstream/visit.ts";
import { createFeedReaders, type FeedReaders } from "./feed-readers.ts";
import { isAllowedHost } from "./host.ts";
import { jsonType, sendJson, sendText } from "./send-answer.ts";

/** Options of the control port. `hosts`: names in the Host header that are accepted besides addresses, lower case. */
export interface ControlOptions {
  readonly source: FeedSource;
  readonly activity: () => Activity;
  readonly hosts: readonly string[];
  /** Streams at once; default 64. */
  readonly maxReaders?: number;
}

/**
 * Creates the app; the caller listens and closes. `GET /v1/feed`, `GET /v1/catalogues/<digest>` and `GET /v1/activity` as packages/api feed.ts says.
 * Errors: 403 for a foreign Host, 404 for an unknown digest or path, 503 with too many readers.
 */
export function createControlApp(options: ControlOptions): HttpServer {
  const readers = createFeedReaders(options.source, options.maxReaders ?? 64);
  const answer = (visit: Visit): void => {
    const { method, target, headers } = visit;
    const path = target.split("?", 1)[0] ?? "";
    if (!isAllowedHost(headers["host"], options.hosts)) sendJson(visit, 403, { error: "the Host is not allowed" });
    else if (method === "GET" && path === feedPaths.feed) follow(readers, visit);
    else if (method === "GET" && path.startsWith(feedPaths.catalogue))
      sendCatalogue(visit, options.source.findCatalogue(path.slice(feedPaths.catalogue.length)));
    else if (method === "GET" && path === feedPaths.activity) sendJson(visit, 200, options.activity());
    else sendJson(visit, 404, { error: "no such path" });
  };
  return createHttpServer({ handle: answer, beforeClose: readers.close, now: () => performance.now() });
}

function follow(readers: FeedReaders, visit: Visit): void {
  if (readers.add(visit)) return;
  const content = JSON.stringify({ error: "too many readers" });
  sendText(visit, 503, { type: jsonType, content, headers: ["retry-after", "5"] });
}

/** A digest names one content for ever, so it may be kept for ever by who asked. */
function sendCatalogue(visit: Visit, json: Buffer | undefined): void {
  if (json === undefined) {
    sendJson(visit, 404, { error: "no such catalogue" });
    return;
  }
  const headers = ["cache-control", "private, immutable, max-age=31536000"];
  sendText(visit, 200, { type: jsonType, content: json, headers });
}
