/**
 * One legacy session: one link to the server, its pending requests, its stream. Messages pass unchanged, since the link has one
 * client. Who may use a session and when it is opened is decided in sessions.ts.
 * Source: MCP 2025-11-25 Streamable HTTP.
 */
import { rpcCodes } from "@outrigger/api/errors";
import { buildError } from "@outrigger/mcp";
import type { UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";
import { failureOf, overload } from "./failure.ts";
import { readAcceptance } from "./http/accept.ts";
import { createAnswer } from "./http/answer.ts";
import { createOutlet } from "./http/outlet.ts";
import { readPost, type Part, type Post } from "./http/post.ts";
import { answerShortly, answerWhenTaken, failShortly, refusal } from "./http/refuse.ts";
import { createSessionStream } from "./http/session-stream.ts";
import { tendOutlet } from "./http/upkeep.ts";
import type { Link, LinkEnd, LinkListener, NotTaken, QueuedMessage } from "./link.ts";
import { createPending, type Entry } from "./pending.ts";
import type { ServerMessage } from "./read-message.ts";
import { findValue, readScalar } from "./splice.ts";

/** What a session needs. `start` opens its link; `onEnd` is told once. */
export interface SessionDeps {
  readonly id: string;
  readonly caller: string;
  readonly maxPending: number;
  readonly now: () => number;
  readonly start: (listener: LinkListener) => Link;
  readonly onEnd: (end: LinkEnd) => void;
}

/** A session. */
export interface Session {
  readonly id: string;
  readonly caller: string;
  readonly stop: (message: string) => void;
  readonly post: (request: UpstreamRequest, sink: UpstreamSink) => UpstreamCall;
  /** Opens the stream of the server's own messages; one at a time. */
  readonly listen: (request: UpstreamRequest, sink: UpstreamSink) => UpstreamCall;
  /** Milliseconds since anything was asked or open. */
  readonly idleForMs: (nowMs: number) => number;
  readonly tend: (nowMs: number) => void;
}

interface SessionEntry extends Entry {
  /** The handshake that opens the session. */
  readonly isOpening: boolean;
}

/** Creates a session and opens its link. The first post must be the handshake. */
export function createSession(deps: SessionDeps): Session {
  const { now } = deps;
  const pending = createPending<SessionEntry>();
  const stream = createSessionStream();
  let usedAtMs = now();

  const settle = (message: ServerMessage): void => {
    const entry = pending.take(message.id);
    if (entry === undefined) return;
    usedAtMs = now();
    // A refused handshake opens nothing, and nobody could use what an abandoned one opens.
    const opens = entry.isOpening && findValue(message.bytes, ["error"]) === undefined && entry.answer.outlet.isOpen();
    entry.answer.respond({ bytes: message.bytes, headers: opens ? ["mcp-session-id", deps.id] : [] });
    if (entry.isOpening && !opens) link.stop("the handshake was refused or abandoned");
  };
  const deliver = (message: ServerMessage): void => {
    const token = message.method === "notifications/progress" ? readScalar(message.bytes, progressPath) : undefined;
    if (token !== undefined) {
      pending.findByToken(token)?.answer.event(message.bytes);
      return;
    }
    if (stream.send(message)) return;
    if (pending.newestOpen()?.answer.event(message.bytes) !== true) stream.keep(message);
  };
  const link = deps.start({
    onMessage: (message) => (message.type === "response" ? settle(message) : deliver(message)),
    onEnd(end) {
      pending.failAll(({ queued }) => failureOf(end, queued.isWritten()));
      stream.end();
      deps.onEnd(end);
    },
  });
  /** The server did not take a request, so no response to it will come. */
  const settleRefused = ({ awaits, message }: Part, refused: NotTaken): void => {
    const entry = pending.take(awaits);
    if (entry === undefined) return;
    if ("failure" in refused) entry.answer.outlet.fail(refused.failure);
    else if (!entry.answer.refuse(refused.answer)) {
      const { idBytes } = message;
      const text = `the server refused the message with HTTP ${refused.answer.status}`;
      const to = idBytes === undefined ? {} : { idBytes };
      entry.answer.respond({ bytes: buildError({ ...to, code: rpcCodes.internal, message: text }) });
    }
    if (entry.isOpening) link.stop("the handshake was refused");
  };
  /** Writes all parts or none; undefined where the link takes no more. */
  const writeAll = (
    request: UpstreamRequest,
    { parts }: Post,
    onTaken: (part: Part, refused?: NotTaken) => void,
  ): readonly QueuedMessage[] | undefined => {
    const queue: QueuedMessage[] = [];
    const { headers, assertion } = request;
    for (const part of parts) {
      const told = (refused?: NotTaken): void => onTaken(part, refused);
      const queued = link.write(part.bytes, { headers, assertion, onTaken: told });
      if (queued === undefined) {
        for (const written of queue) written.drop();
        return undefined;
      }
      queue.push(queued);
    }
    return queue;
  };
  const ask = (request: UpstreamRequest, post: Post, sink: UpstreamSink): UpstreamCall => {
    const queue = writeAll(request, post, (part, refused) => {
      if (refused !== undefined) settleRefused(part, refused);
    });
    if (queue === undefined) return failShortly(sink, unread);
    const outlet = createOutlet(sink, { source: link, now });
    const answer = createAnswer(outlet, post);
    for (const [index, { awaits, message }] of post.parts.entries()) {
      const queued = queue[index];
      if (awaits === undefined || queued === undefined) continue;
      pending.add(awaits, { answer, queued, token: message.progressToken, isOpening: message.method === "initialize" });
    }
    queueMicrotask(() => {
      for (const waiting of stream.takeRequests()) if (!answer.event(waiting.bytes)) stream.keep(waiting);
    });
    return { resume: outlet.resume, abort: outlet.silence };
  };
  const tell = (request: UpstreamRequest, post: Post, sink: UpstreamSink): UpstreamCall => {
    const { onTaken, call } = answerWhenTaken(sink, post.parts.length);
    const queue = writeAll(request, post, (_part, refused) => onTaken(refused));
    return queue === undefined ? failShortly(sink, unread) : call;
  };

  return {
    id: deps.id,
    caller: deps.caller,
    stop: link.stop,
    post(request, sink) {
      usedAtMs = now();
      const read = readPost(request, pending.has);
      if (!read.ok) return answerShortly(sink, read.refused);
      if (pending.size() + read.post.awaited > deps.maxPending) {
        return failShortly(sink, overload("too many requests are under way in this session"));
      }
      return read.post.awaited === 0 ? tell(request, read.post, sink) : ask(request, read.post, sink);
    },
    listen(request, sink) {
      if (stream.outlet() !== undefined) return answerShortly(sink, refusal(409, "the session has a stream already"));
      if (!readAcceptance(request.headers).events) {
        return answerShortly(sink, refusal(406, "Accept must list text/event-stream"));
      }
      usedAtMs = now();
      const outlet = createOutlet(sink, { source: link, now });
      stream.open(outlet);
      return { resume: outlet.resume, abort: outlet.silence };
    },
    idleForMs: (nowMs) => (stream.outlet() !== undefined || pending.newestOpen() !== undefined ? 0 : nowMs - usedAtMs),
    tend(nowMs) {
      pending.tend(nowMs);
      const outlet = stream.outlet();
      if (outlet !== undefined) tendOutlet(outlet, nowMs, stream.keepAlive);
    },
  };
}

const unread = overload("the server does not read what waits for it");

const progressPath = ["params", "progressToken"] as const;
