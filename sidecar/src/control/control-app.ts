/** The control port: the feed of states, the catalogues by digest, how much the server is used. Read-only; it decides nothing of it. */
import { feedPaths, type Activity } from "@outrigger/api/feed";
import type { Callers } from "../call/callers.ts";
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
  /** Who vouches, by the headers of a request, for a caller of the server; undefined where nobody does. */
  readonly callers?: Pick<Callers, "identify"> | undefined;
  readonly hosts: readonly string[];
  /** Streams at once; default 64. */
  readonly maxReaders?: number;
}

/**
 * Creates the app; the caller listens and closes. `GET /v1/feed`, `GET /v1/catalogues/<digest>`, `GET /v1/policies/<hash>` and
 * `GET /v1/activity` as packages/api feed.ts says. Errors: 403 for a foreign Host, 404 for an unknown digest or path, 503 with too many readers.
 */
export function createControlApp(options: ControlOptions): HttpServer {
  const readers = createFeedReaders(options.source, options.maxReaders ?? 64);
  const get = (visit: Visit, path: string): void => {
    const hashOf = (prefix: string): string => path.slice(prefix.length);
    if (path === feedPaths.feed) follow(readers, visit);
    else if (path.startsWith(feedPaths.catalogue))
      sendHashed(visit, findCatalogue(options, visit, hashOf(feedPaths.catalogue)));
    else if (path.startsWith(feedPaths.policy))
      sendHashed(visit, findForCallers(options, visit, { kind: "policy", hash: hashOf(feedPaths.policy) }));
    else if (path === feedPaths.activity) sendJson(visit, 200, options.activity());
    else sendJson(visit, 404, { error: "no such path" });
  };
  const answer = (visit: Visit): void => {
    const { method, target, headers } = visit;
    if (!isAllowedHost(headers["host"], options.hosts)) sendJson(visit, 403, { error: "the Host is not allowed" });
    else if (method === "GET") get(visit, target.split("?", 1)[0] ?? "");
    else sendJson(visit, 404, { error: "no such path" });
  };
  return createHttpServer({ handle: answer, beforeClose: readers.close, now: () => performance.now() });
}

function follow(readers: FeedReaders, visit: Visit): void {
  if (readers.add(visit)) return;
  const content = JSON.stringify({ error: "too many readers" });
  sendText(visit, 503, { type: jsonType, content, headers: ["retry-after", "5"] });
}

function findCatalogue(options: ControlOptions, visit: Visit, digest: string): Buffer | undefined {
  return options.source.findCatalogue(digest) ?? findForCallers(options, visit, { kind: "catalogue", hash: digest });
}

/** What nobody in particular may see is absent to whoever can't vouch for anybody. */
function findForCallers(
  { source, callers }: ControlOptions,
  { headers }: Visit,
  { kind, hash }: { readonly kind: "catalogue" | "policy"; readonly hash: string },
): Buffer | undefined {
  const assertion = callers?.identify(headers);
  const isVouching = assertion !== undefined && assertion !== "unverified";
  return isVouching ? source.findForCallers(kind, hash) : undefined;
}

/** A hash names one content for ever, so it may be kept for ever by who asked. */
function sendHashed(visit: Visit, json: Buffer | undefined): void {
  if (json === undefined) {
    sendJson(visit, 404, { error: "nothing has this hash" });
    return;
  }
  const headers = ["cache-control", "private, immutable, max-age=31536000"];
  sendText(visit, 200, { type: jsonType, content: json, headers });
}
