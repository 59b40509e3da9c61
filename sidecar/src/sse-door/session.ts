/**
 * One client of the older transport, as a client of Streamable HTTP that it does not know to be: what it posts runs through the
 * stages of a call, and what comes back goes on its one stream. It decides which session of the server is meant, when the server's
 * own stream is opened, and that a request whose answer never came gets an error.
 */
import { readScalar } from "../bridge/splice.ts";
import { runCall } from "../call/call.ts";
import type { ClientSide } from "../call/client-side.ts";
import type { CallDeps } from "../call/exchange.ts";
import type { Received } from "../call/received.ts";
import type { RunningCall } from "../call/running-call.ts";
import { refuseFor } from "../call/refuse.ts";
import { createAnswerClient, type AnswerEnd, type AnswerMessage } from "./answer-client.ts";
import { buildExchange, type ServerSession } from "./build-exchange.ts";
import { openEventStream } from "./event-stream.ts";
import { readPostedBody, type Awaited } from "./read-requests.ts";

/** What a session needs. `opened`: the request that opened its stream. */
export interface DoorSessionDeps {
  readonly call: CallDeps;
  readonly opened: Received;
  readonly client: ClientSide;
  readonly endpoint: string;
  readonly maxPending: number;
  readonly onEnd: () => void;
}

/** An open session. */
export interface DoorSession {
  readonly caller: string;
  /** Takes what the client posted; `client` gets the status. */
  readonly post: (received: Received, client: ClientSide) => RunningCall;
  readonly drained: () => void;
  readonly tend: (nowMs: number) => void;
  /** Ends the stream, what is under way, and the server's session. */
  readonly close: () => void;
}

/** Between two streams of the server's own messages, in ms: doubles from the first to the second. */
const reopenMs = { min: 1_000, max: 30_000 } as const;

/** Opens a session: its stream begins at once. */
export function openDoorSession(deps: DoorSessionDeps): DoorSession {
  const { call, opened } = deps;
  const { now } = call;
  const stream = openEventStream(deps.client, { endpoint: deps.endpoint, now });
  const running = new Set<RunningCall>();
  const pauses = new Set<NodeJS.Timeout>();
  let server: ServerSession = {};
  let pending = 0;
  let isListening = false;
  let isClosed = false;

  const start = (received: Received, make: (done: () => void) => ClientSide): RunningCall => {
    const handle: { call?: RunningCall; isDone: boolean } = { isDone: false };
    const client = make(() => {
      handle.isDone = true;
      if (handle.call !== undefined) running.delete(handle.call);
    });
    handle.call = runCall(call, received, client);
    if (!handle.isDone) running.add(handle.call);
    return handle.call;
  };
  const later = (delayMs: number, run: () => void): void => {
    const timer = setTimeout(() => {
      pauses.delete(timer);
      run();
    }, delayMs).unref();
    pauses.add(timer);
  };
  const failLeft = (awaited: Map<string, Awaited>, { status, words }: AnswerEnd): void => {
    const said = words === undefined ? `with HTTP ${status}` : `with HTTP ${status}: ${words}`;
    for (const { method, idBytes } of awaited.values()) {
      const about = { era: "legacy", server: call.server, method, idBytes } as const;
      const text = status === 404 ? "The session has ended. Connect again." : `The server answered ${said}.`;
      stream.send(refuseFor(about, { reason: status === 404 ? "SessionUnknown" : "UpstreamBroken", text }).body);
    }
    awaited.clear();
  };
  /** The server no longer knows the session. The older transport has one way to say so: the stream ends. */
  const endIfUnknown = (status: number): void => {
    if (status === 404 && server.id !== undefined) close();
  };
  /** The handshake tells which session and revision all further requests are of. */
  const learn = ({ json }: AnswerMessage, sessionId: string | undefined): void => {
    const version = readScalar(json, ["result", "protocolVersion"]);
    if (typeof version === "string") server = { id: sessionId, version };
  };
  /** Takes the messages of one answer, of which `awaited` are still due. */
  const takeAnswer = (
    awaited: Map<string, Awaited>,
    done: (end: AnswerEnd) => void,
    onNoneLeft: () => void = () => undefined,
  ): ClientSide => {
    let sessionId: string | undefined;
    return createAnswerClient({
      budget: call.budget,
      onHead: (head) => void (sessionId = head.sessionId),
      onMessage(message) {
        if (message.key !== undefined) {
          if (awaited.get(message.key)?.method === "initialize") learn(message, sessionId);
          if (awaited.delete(message.key) && awaited.size === 0) onNoneLeft();
        }
        return stream.send(message.json);
      },
      onEnd: done,
      isGone: () => !stream.isOpen(),
    });
  };
  /** Goes on with an answer whose stream the server closed early. Source: MCP 2025-11-25 transports, "Resumability". */
  const resume = (awaited: Map<string, Awaited>, from: NonNullable<AnswerEnd["pausedAt"]>): void => {
    later(from.retryMs ?? reopenMs.min, () => {
      const asked = { method: "GET", path: opened.path, session: server, lastEventId: from.eventId } as const;
      const stop: { now?: () => void } = {};
      const resumed = start(buildExchange(opened, asked), (done) => {
        // A stream that is resumed has no end of its own: the last answer is what it was opened for.
        const onNoneLeft = (): void => queueMicrotask(() => stop.now?.());
        stop.now = () => {
          resumed.onGone();
          done();
        };
        return takeAnswer(awaited, (end) => settle(awaited, end, done), onNoneLeft);
      });
    });
  };
  const settle = (awaited: Map<string, Awaited>, end: AnswerEnd, done: () => void): void => {
    done();
    if (isClosed) return;
    if (awaited.size > 0 && end.pausedAt !== undefined && end.status === 200) resume(awaited, end.pausedAt);
    else failLeft(awaited, end);
    endIfUnknown(end.status);
  };
  /** The server's own messages come on a stream of their own; it is kept open for as long as the server has one. */
  const listen = (failures: number, lastEventId?: string): void => {
    const startedMs = now();
    const asked = { method: "GET", path: opened.path, session: server, lastEventId } as const;
    start(buildExchange(opened, asked), (done) =>
      takeAnswer(new Map(), ({ status, pausedAt }) => {
        done();
        endIfUnknown(status);
        if (isClosed || status !== 200) return;
        const failed = now() - startedMs > reopenMs.max ? 0 : failures;
        const pauseMs = Math.min(reopenMs.max, reopenMs.min * 2 ** failed);
        later(Math.max(pauseMs, pausedAt?.retryMs ?? 0), () => listen(failed + 1, pausedAt?.eventId ?? lastEventId));
      }),
    );
  };
  const ask = (request: Received, awaited: Map<string, Awaited>, client: ClientSide): void => {
    client.head(202, ["content-length", "0"]);
    client.end();
    const count = awaited.size;
    pending += count;
    start(request, (done) =>
      takeAnswer(awaited, (end) =>
        settle(awaited, end, () => {
          pending -= count;
          done();
        }),
      ),
    );
  };
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    for (const timer of pauses) clearTimeout(timer);
    stream.end();
    for (const each of [...running]) each.onGone();
    if (server.id !== undefined) {
      const asked = { method: "DELETE", path: opened.path, session: server } as const;
      runCall(
        call,
        { ...buildExchange(opened, asked), startedMs: now() },
        takeAnswer(new Map(), () => undefined),
      );
    }
    deps.onEnd();
  };

  return {
    caller: opened.caller,
    post(received, client) {
      const request = buildExchange(received, { method: "POST", path: opened.path, session: server });
      const { awaited, method } = readPostedBody(received.body ?? Buffer.alloc(0));
      if (pending + awaited.size > deps.maxPending) {
        const text = "Too many requests are under way in this session.";
        client.refuse(refuseFor({ era: "legacy", server: call.server }, { reason: "FloodLimited", text }));
        return idle;
      }
      if (awaited.size > 0) {
        ask(request, awaited, client);
        return idle;
      }
      // Nothing comes back but a status, which is for who posted.
      const sent = runCall(call, request, client);
      if (method === "notifications/initialized" && !isListening) {
        isListening = true;
        listen(0);
      }
      return sent;
    },
    drained() {
      stream.drained();
      for (const each of running) each.onDrain();
    },
    tend(nowMs) {
      if (!stream.tend(nowMs)) close();
    },
    close,
  };
}

/** A posted message whose answer goes elsewhere: its own connection has nothing to wait for. */
const idle: RunningCall = { onDrain: () => undefined, onGone: () => undefined };
