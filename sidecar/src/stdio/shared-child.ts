/**
 * One child for all modern requests of one caller. Modern requests are stateless, so they may share a process if nothing
 * confuses them: ids and progress tokens are made unique for the child and restored in what it says.
 * Source: MCP 2026-07-28 "stdio" and "Streamable HTTP" transports, "Cancellation", "Subscriptions".
 */
import type { UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";
import { createAnswer } from "../bridge/http/answer.ts";
import type { Child, ChildListener } from "./process/child.ts";
import type { ChildEnd } from "./process/child-end.ts";
import { failureOf, overload } from "../bridge/failure.ts";
import {
  buildCancellation,
  buildListenEnd,
  buildMethodRefusal,
  deniesModernEra,
  statusOf,
  subscriptionIdKey,
} from "./modern-messages.ts";
import { createOutlet } from "../bridge/http/outlet.ts";
import { createPending, type Entry } from "../bridge/pending.ts";
import { readPost, type Post } from "../bridge/http/post.ts";
import type { ServerMessage } from "../bridge/read-message.ts";
import { accepted, answerShortly, failShortly } from "../bridge/http/refuse.ts";
import { findValue, readScalar, splice, type Edit } from "../bridge/splice.ts";

/** What a shared child needs. */
export interface SharedDeps {
  readonly maxPending: number;
  readonly now: () => number;
  readonly start: (listener: ChildListener) => Child;
  readonly onEnd: (end: ChildEnd) => void;
}

/** A shared child. */
export interface SharedChild {
  readonly child: Child;
  readonly post: (request: UpstreamRequest, sink: UpstreamSink) => UpstreamCall;
  readonly idleForMs: (nowMs: number) => number;
  readonly tend: (nowMs: number) => void;
}

/** One request, with what the caller called it. Bytes are copies: the request's own are borrowed. */
interface SharedEntry extends Entry {
  readonly idBytes: Buffer;
  readonly tokenBytes: Buffer | undefined;
  readonly method: string;
  readonly wantsLog: boolean;
}

const paths = {
  id: ["id"],
  requestToken: ["params", "_meta", "progressToken"],
  progress: ["params", "progressToken"],
  cancelled: ["params", "requestId"],
  subscription: ["params", "_meta", subscriptionIdKey],
  resultSubscription: ["result", "_meta", subscriptionIdKey],
} as const;

/** Creates a shared child and starts its process. */
export function createSharedChild(deps: SharedDeps): SharedChild {
  const { now } = deps;
  const pending = createPending<SharedEntry>();
  let lastId = 0;
  let usedAtMs = now();

  const settle = (message: ServerMessage): void => {
    const entry = pending.take(message.id);
    if (entry === undefined) return;
    usedAtMs = now();
    const bytes = replace(message.bytes, [
      [paths.id, entry.idBytes],
      ...(entry.method === "subscriptions/listen" ? [[paths.resultSubscription, entry.idBytes] as const] : []),
    ]);
    entry.answer.respond({ bytes, status: statusOf(bytes) });
    const isUseless = entry.method === "server/discover" && deniesModernEra(bytes) && pending.size() === 0;
    if (isUseless) child.stop("the server does not speak the modern era");
  };
  const endListening = (message: ServerMessage): void => {
    const id = readScalar(message.bytes, paths.cancelled);
    const entry = pending.find(id);
    if (entry?.method !== "subscriptions/listen") return;
    pending.take(id);
    entry.answer.respond({ bytes: buildListenEnd(entry.idBytes) });
  };
  const notify = (message: ServerMessage): void => {
    const { bytes, method } = message;
    switch (method) {
      case "notifications/progress": {
        const entry = pending.find(readScalar(bytes, paths.progress));
        if (entry?.tokenBytes !== undefined) entry.answer.event(replace(bytes, [[paths.progress, entry.tokenBytes]]));
        return;
      }
      case "notifications/message":
        // Nothing in a log line names its request; it goes to one that asked for log lines.
        pending.newestOpen((entry) => entry.wantsLog)?.answer.event(bytes);
        return;
      case "notifications/cancelled":
        endListening(message);
        return;
      default: {
        const entry = pending.find(readScalar(bytes, paths.subscription));
        entry?.answer.event(replace(bytes, [[paths.subscription, entry.idBytes]]));
      }
    }
  };
  const child = deps.start({
    onMessage(message) {
      if (message.type === "response") settle(message);
      else if (message.type === "notification") notify(message);
      else child.write(buildMethodRefusal(copyOf(message.bytes, paths.id) ?? Buffer.from("null")));
    },
    onEnd(end) {
      pending.failAll(({ queued }) => failureOf(end, queued.isWritten()));
      deps.onEnd(end);
    },
  });
  const cancel = (id: string | number): void => {
    const entry = pending.take(id);
    if (entry === undefined) return;
    entry.answer.outlet.silence();
    if (!entry.queued.drop()) child.write(buildCancellation(id));
  };
  const ask = (post: Post, sink: UpstreamSink): UpstreamCall => {
    const [part] = post.parts;
    if (part === undefined) return answerShortly(sink, accepted);
    const id = ++lastId;
    const spelled = Buffer.from(String(id));
    const line = child.write(
      replace(part.bytes, [
        [paths.id, spelled],
        [paths.requestToken, spelled],
      ]),
    );
    if (line === undefined) return failShortly(sink, overload("the server does not read what waits for it"));
    const outlet = createOutlet(sink, { source: child, now });
    pending.add(id, {
      answer: createAnswer(outlet, post),
      queued: line,
      idBytes: copyOf(part.bytes, paths.id) ?? spelled,
      tokenBytes: copyOf(part.bytes, paths.requestToken),
      method: part.message.method ?? "",
      wantsLog: part.message.meta?.has("io.modelcontextprotocol/logLevel") ?? false,
    });
    return { resume: outlet.resume, abort: () => cancel(id) };
  };

  return {
    child,
    post(request, sink) {
      usedAtMs = now();
      const read = readPost(request, () => false);
      if (!read.ok) return answerShortly(sink, read.refused);
      // Over HTTP a notification can't name the request of another exchange, so a cancellation has no meaning for the child.
      if (read.post.awaited === 0) return answerShortly(sink, accepted);
      if (pending.size() >= deps.maxPending) return failShortly(sink, overload("too many requests are under way"));
      return ask(read.post, sink);
    },
    idleForMs: (nowMs) => (pending.newestOpen() === undefined ? nowMs - usedAtMs : 0),
    tend(nowMs) {
      pending.tend(nowMs);
      pending.abandoned().forEach(cancel);
    },
  };
}

function copyOf(message: Buffer, path: readonly string[]): Buffer | undefined {
  const span = findValue(message, path);
  return span === undefined ? undefined : Buffer.from(message.subarray(span.start, span.end));
}

/** Replaces the values at the paths that exist. */
function replace(message: Buffer, values: readonly (readonly [readonly string[], Buffer])[]): Buffer {
  const edits = values.flatMap(([path, bytes]): Edit[] => {
    const span = findValue(message, path);
    return span === undefined ? [] : [{ span, bytes }];
  });
  return splice(message, edits);
}
