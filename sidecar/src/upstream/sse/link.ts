/**
 * One session's connection to a server of the older transport: an event stream that stays open, and a place for messages that its
 * first event names. It decides when the connection has opened and when it is over; which answer belongs to whom is the session's.
 * Source: MCP 2024-11-05 transports, "HTTP with SSE".
 */
import { createEventSplitter, type SseEvent } from "@outrigger/mcp";
import type { Logger } from "@outrigger/runtime/logger";
import { failureOf } from "../../bridge/failure.ts";
import type { Link, LinkEnd, LinkListener, NotTaken } from "../../bridge/link.ts";
import { readServerMessage } from "../../bridge/read-message.ts";
import { isEventStream, readMediaType } from "../headers.ts";
import type { Upstream, UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream.ts";
import { readEndpoint } from "./endpoint.ts";
import { headersOfStream } from "./headers.ts";
import { createMessages } from "./messages.ts";
import { createRefusedAnswer, type RefusedAnswer } from "./refused.ts";

/** What links to one server have in common. Times in ms, bounds in bytes. */
export interface SseServer {
  /** The server's HTTP, raw. */
  readonly http: Upstream;
  /** Names of the server's one origin, such as `http://127.0.0.1:8080`; not none. */
  readonly origins: readonly string[];
  readonly maxEventBytes: number;
  readonly maxQueuedBytes: number;
  /** How long the stream may take to name the endpoint. */
  readonly openingMs: number;
  readonly logger: Logger;
}

/** Opens a link for the request that opens its session: at that request's path and with its headers, so that its credentials count. */
export function openSseLink(server: SseServer, request: UpstreamRequest, listener: LinkListener): Link {
  const { http, logger } = server;
  const { caller, assertion } = request;
  const messages = createMessages({ http, caller, maxQueuedBytes: server.maxQueuedBytes });
  const splitter = createEventSplitter({ maxEventBytes: server.maxEventBytes });
  const holders = new Set<object>();
  const stream: { call?: UpstreamCall } = {};
  let isOpen = false;
  let isOver = false;

  const end = (why: LinkEnd, refused?: NotTaken): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(opening);
    messages.end((sent) => refused ?? { failure: failureOf(why, sent) });
    listener.onEnd(why);
    stream.call?.abort();
  };
  const opening = setTimeout(() => {
    const seconds = Math.round(server.openingMs / 1_000);
    end({ kind: "Broken", message: `the server's stream did not name its endpoint within ${seconds} seconds` });
  }, server.openingMs).unref();
  const open = (data: string): void => {
    const endpoint = readEndpoint(data, { streamPath: request.path, origins: server.origins });
    if (!endpoint.ok) {
      end({ kind: "Broken", message: endpoint.message });
      return;
    }
    isOpen = true;
    clearTimeout(opening);
    messages.open(endpoint.path);
  };
  const take = ({ event, data }: SseEvent): void => {
    if (data === undefined || isOver) return;
    // The first one counts: an endpoint that could change would lead away what belongs together.
    if (event === "endpoint") {
      if (!isOpen) open(data);
      return;
    }
    if (event !== undefined && event !== "message") return;
    const message = readServerMessage(Buffer.from(data, "utf8"));
    if (message !== undefined) listener.onMessage(message);
    else if (data !== "") logger.warn({ bytes: data.length }, "an event of the server is no message and was skipped");
  };
  const read = (chunk: Buffer): boolean => {
    const { events, overflow } = splitter.push(chunk);
    events.forEach(take);
    if (overflow) {
      end({ kind: "Broken", message: `the server sent an event of more than ${server.maxEventBytes} bytes` });
    }
    return holders.size === 0;
  };

  stream.call = http.send(
    {
      method: "GET",
      path: request.path,
      headers: headersOfStream(request.headers),
      caller,
      ...(assertion === undefined ? {} : { assertion }),
    },
    createStreamSink(read, end),
  );
  return {
    write: (message, delivery) => (isOver ? undefined : messages.post(message, delivery)),
    hold: (holder) => void holders.add(holder),
    release(holder) {
      if (holders.delete(holder) && holders.size === 0) stream.call?.resume();
    },
    stop: (message) => end({ kind: "Stopped", message }),
  };
}

type End = (why: LinkEnd, refused?: NotTaken) => void;

/** Reads the answer to the GET: a stream, or a refusal that the client gets to know as it is. */
function createStreamSink(read: (chunk: Buffer) => boolean, end: End): UpstreamSink {
  let refused: RefusedAnswer | undefined;
  return {
    onHead(status, headers) {
      if (status === 200 && isEventStream(headers)) return;
      if (status >= 300) refused = createRefusedAnswer(status, headers);
      else {
        const type = readMediaType(headers);
        const got = `HTTP ${status} and ${type === "" ? "no content type" : type}`;
        end({ kind: "Broken", message: `the server answered with ${got} where text/event-stream was asked for` });
      }
    },
    onData(chunk) {
      if (refused === undefined) return read(chunk);
      refused.add(chunk);
      return true;
    },
    onEnd() {
      if (refused === undefined) {
        end({ kind: "Exited", message: "the server ended its event stream" });
        return;
      }
      const answer = refused.whole();
      end({ kind: "Broken", message: `the server refused the stream with HTTP ${answer.status}` }, { answer });
    },
    onFailure(failure) {
      const kind = failure.sent ? "Broken" : "NotStarted";
      // Later, since it may come within `send`, before there is a link.
      queueMicrotask(() => end({ kind, message: failure.message }, failure.sent ? undefined : { failure }));
    },
  };
}
