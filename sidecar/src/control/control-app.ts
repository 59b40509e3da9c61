/** The control port: the feed of states and the catalogues by digest. Read-only; it decides nothing about their content. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { feedPaths } from "@outrigger/api/feed";
import type { FeedSource } from "../catalog/publish.ts";
import { createHttpApp, type HttpApp } from "../http-app.ts";
import { createFeedReaders, type FeedReaders } from "./feed-readers.ts";
import { isAllowedHost } from "./host.ts";
import { jsonType, sendJson, sendText } from "./send-answer.ts";

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
export function createControlApp(options: ControlOptions): HttpApp {
  const readers = createFeedReaders(options.source, options.maxReaders ?? 64);
  const answer = ({ method, url, headers }: IncomingMessage, response: ServerResponse): void => {
    const path = (url ?? "").split("?", 1)[0] ?? "";
    if (!isAllowedHost(headers.host, options.hosts)) sendJson(response, 403, { error: "the Host is not allowed" });
    else if (method === "GET" && path === feedPaths.feed) follow(readers, response);
    else if (method === "GET" && path.startsWith(feedPaths.catalogue))
      sendCatalogue(response, options.source.findCatalogue(path.slice(feedPaths.catalogue.length)));
    else sendJson(response, 404, { error: "no such path" });
  };
  return createHttpApp({ handle: answer, beforeClose: readers.close });
}

function follow(readers: FeedReaders, response: ServerResponse): void {
  if (readers.add(response)) return;
  response.setHeader("retry-after", "5");
  sendJson(response, 503, { error: "too many readers" });
}

/** A digest names one content for ever, so it may be kept for ever by who asked. */
function sendCatalogue(response: ServerResponse, json: Buffer | undefined): void {
  if (json === undefined) {
    sendJson(response, 404, { error: "no such catalogue" });
    return;
  }
  response.setHeader("cache-control", "private, immutable, max-age=31536000");
  sendText(response, 200, { type: jsonType, content: json });
}
