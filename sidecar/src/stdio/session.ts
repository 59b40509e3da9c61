/**
 * One legacy session: one child, its pending requests, its stream. Messages pass unchanged, since the child has one client.
 * Who may use a session and when it is started is decided in stdio-upstream.ts.
 * Source: MCP 2025-11-25 Streamable HTTP.
 */
import type { UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";
import { readAcceptance } from "./http/accept.ts";
import { createAnswer } from "./http/answer.ts";
import type { Child, ChildListener } from "./process/child.ts";
import type { ChildEnd } from "./process/child-end.ts";
import { failureOf, overload } from "./failure.ts";
import type { QueuedLine } from "./process/input.ts";
import { createOutlet } from "./http/outlet.ts";
import { createPending, type Entry } from "./pending.ts";
import { readPost, type Post } from "./http/post.ts";
import type { ServerMessage } from "./process/read-message.ts";
import { accepted, answerShortly, failShortly, refusal } from "./http/refuse.ts";
import { createSessionStream } from "./http/session-stream.ts";
import { findValue, readScalar } from "./splice.ts";
import { tendOutlet } from "./http/upkeep.ts";

/** What a session needs. `start` starts its child; `onEnd` is told once. */
export interface SessionDeps {
  readonly id: string;
  readonly caller: string;
  readonly maxPending: number;
  readonly now: () => number;
  readonly start: (listener: ChildListener) => Child;
  readonly onEnd: (end: ChildEnd) => void;
}

/** A session. */
export interface Session {
  readonly id: string;
  readonly caller: string;
  readonly child: Child;
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

/** Creates a session and starts its child. The first post must be the handshake. */
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
    if (entry.isOpening && !opens) child.stop("the handshake was refused or abandoned");
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
  const child = deps.start({
    onMessage: (message) => (message.type === "response" ? settle(message) : deliver(message)),
    onEnd(end) {
      pending.failAll(({ line }) => failureOf(end, line.isWritten()));
      stream.end();
      deps.onEnd(end);
    },
  });
  /** Writes all parts or none; undefined where the child takes no more. */
  const writeAll = ({ parts }: Post): readonly QueuedLine[] | undefined => {
    const lines: QueuedLine[] = [];
    for (const { bytes } of parts) {
      const line = child.write(bytes);
      if (line === undefined) {
        for (const written of lines) written.drop();
        return undefined;
      }
      lines.push(line);
    }
    return lines;
  };
  const answerTo = (post: Post, lines: readonly QueuedLine[], sink: UpstreamSink): UpstreamCall => {
    const outlet = createOutlet(sink, { source: child, now });
    const answer = createAnswer(outlet, post);
    for (const [index, { awaits, message }] of post.parts.entries()) {
      const line = lines[index];
      if (awaits === undefined || line === undefined) continue;
      pending.add(awaits, { answer, line, token: message.progressToken, isOpening: message.method === "initialize" });
    }
    queueMicrotask(() => {
      for (const request of stream.takeRequests()) if (!answer.event(request.bytes)) stream.keep(request);
    });
    return { resume: outlet.resume, abort: outlet.silence };
  };

  return {
    id: deps.id,
    caller: deps.caller,
    child,
    post(request, sink) {
      usedAtMs = now();
      const read = readPost(request, pending.has);
      if (!read.ok) return answerShortly(sink, read.refused);
      if (pending.size() + read.post.awaited > deps.maxPending) {
        return failShortly(sink, overload("too many requests are under way in this session"));
      }
      const lines = writeAll(read.post);
      if (lines === undefined) return failShortly(sink, overload("the server does not read what waits for it"));
      return read.post.awaited === 0 ? answerShortly(sink, accepted) : answerTo(read.post, lines, sink);
    },
    listen(request, sink) {
      if (stream.outlet() !== undefined) return answerShortly(sink, refusal(409, "the session has a stream already"));
      if (!readAcceptance(request.headers).events) {
        return answerShortly(sink, refusal(406, "Accept must list text/event-stream"));
      }
      usedAtMs = now();
      const outlet = createOutlet(sink, { source: child, now });
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

const progressPath = ["params", "progressToken"];
