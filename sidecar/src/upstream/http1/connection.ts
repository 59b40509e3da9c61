/**
 * One kept connection to the server, one request at a time: writes a request in as few pieces as possible, hands its answer to a sink,
 * and says whether it can take another. Retries nothing. Before: reader.ts; next: connections.ts, which chooses a connection.
 */
import { connect as connectPlain, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { UpstreamFailure, UpstreamSink } from "../upstream.ts";
import type { ResponseHead } from "./head.ts";
import { createAnswerReader } from "./reader.ts";

/** Where the server is. `host` without brackets; `lookup` finds its addresses where it is a name. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly lookup: LookupFunction;
  /** Asked for each connection, since files change. */
  readonly tls?: () => TlsFiles;
}

/** Whom a server's certificate has to come from, in place of the usual authorities, and what is shown to it; PEM. */
export interface TlsFiles {
  readonly ca?: string | string[];
  readonly cert?: string;
  readonly key?: string;
}

/** A request's bytes; `body` is borrowed until the answer has ended. `isFresh`: on no connection that was kept. */
export interface OutgoingRequest {
  readonly head: string;
  readonly body: Buffer | undefined;
  readonly isFresh?: true;
}

/** `isStale`: a connection that was kept ended before a byte of the answer came; whether the request was read is not known. */
export interface ConnectionFailure extends UpstreamFailure {
  readonly isStale?: true;
}

/** Where the answer on a connection goes. */
export interface ConnectionSink extends Omit<UpstreamSink, "onFailure"> {
  readonly onFailure: (failure: ConnectionFailure) => void;
}

/** Whoever lends the connection. */
export interface ConnectionOwner {
  /** The answer begins; a text says why it may not go on. */
  readonly admit: (head: ResponseHead) => string | undefined;
  /** The exchange is over; the connection is free again, or gone where it could not be kept. Comes before the sink hears of the end. */
  readonly onFree: (isKept: boolean) => void;
  /** A connection that nobody used has ended. */
  readonly onGone: () => void;
}

export interface Connection {
  /** Only while nothing is under way on it. */
  readonly send: (request: OutgoingRequest, sink: ConnectionSink) => void;
  /** Goes on reading after the sink asked to pause. */
  readonly resume: () => void;
  /** Ends the connection; the sink hears nothing more. */
  readonly destroy: () => void;
  /** False once it has ended or is about to. */
  readonly isUsable: () => boolean;
}

const connectTimeoutMs = 5_000;
/** Up to here a body is copied behind its head: one write costs less than two. */
const copiedBytes = 16 * 1024;

/** Opens a connection; what goes wrong is told to the request that is sent on it. */
export function openConnection(place: Place, owner: ConnectionOwner): Connection {
  const { host, port, isTls, lookup } = place;
  const socket: Socket = isTls ? connectTls(describeTls(place)) : connectPlain({ host, port, lookup });
  let sink: ConnectionSink | undefined;
  let isConnected = false;
  let isEnded = false;
  let keepsAlive = false;
  let isPaused = false;
  /** Has given an answer before. */
  let isReused = false;

  const fail = (failure: ConnectionFailure): void => {
    const failing = sink;
    sink = undefined;
    isEnded = true;
    socket.destroy();
    if (failing === undefined) owner.onGone();
    else {
      owner.onFree(false);
      failing.onFailure(failure);
    }
  };
  const failWith = (message: string): void =>
    fail(isReused && reader.isUntouched() ? stale : describeFailure(place, message, isConnected));
  let hasAnswered = false;
  const reader = createAnswerReader({
    onHead: (head) => {
      ({ keepsAlive } = head);
      const refusal = owner.admit(head);
      if (refusal === undefined) sink?.onHead(head.status, head.headers);
      else fail({ reason: "FloodLimited", message: refusal, sent: true });
    },
    onData: (chunk) => {
      if (sink?.onData(chunk) !== false) return;
      isPaused = true;
      socket.pause();
    },
    onEnd: () => {
      hasAnswered = true;
    },
    onBroken: failWith,
  });
  /** Once all bytes that came with the end are seen: what follows an answer belongs to no request. */
  const settle = (): void => {
    if (!hasAnswered) return;
    hasAnswered = false;
    const answered = sink;
    sink = undefined;
    const isKept = keepsAlive && !isEnded && reader.isIdle() && socket.writableLength === 0;
    if (!isKept) {
      isEnded = true;
      socket.destroy();
    }
    isReused = true;
    // Who asked to pause has its whole answer: nobody would ask to go on for the next one.
    if (isKept && isPaused) goOn();
    owner.onFree(isKept);
    answered?.onEnd();
  };
  const goOn = (): void => {
    isPaused = false;
    socket.resume();
  };
  const endQuietly = (): void => {
    isEnded = true;
    socket.destroy();
    owner.onGone();
  };

  const connection: Connection = {
    send: ({ head, body }, to) => {
      sink = to;
      if (body === undefined) socket.write(head, "latin1");
      else if (body.length <= copiedBytes) socket.write(join(head, body));
      else {
        socket.cork();
        socket.write(head, "latin1");
        socket.write(body);
        socket.uncork();
      }
    },
    resume: goOn,
    destroy: () => {
      sink = undefined;
      isEnded = true;
      socket.destroy();
    },
    isUsable: () => !isEnded && socket.writable,
  };

  const timer = setTimeout(() => failWith(`connect timed out after ${connectTimeoutMs} ms`), connectTimeoutMs);
  socket.setNoDelay(true);
  socket.once(isTls ? "secureConnect" : "connect", () => {
    isConnected = true;
    clearTimeout(timer);
  });
  socket.on("data", (chunk: Buffer) => {
    if (isEnded) return;
    if (sink === undefined) {
      endQuietly();
      return;
    }
    reader.push(chunk);
    settle();
  });
  socket.on("end", () => {
    if (isEnded) return;
    if (sink === undefined) {
      endQuietly();
      return;
    }
    reader.finish();
    settle();
  });
  socket.on("error", (error) => {
    if (!isEnded) failWith(describeError(error));
  });
  socket.on("close", () => {
    clearTimeout(timer);
    if (!isEnded) failWith("other side closed");
  });
  return connection;
}

/** An address is no server name (RFC 6066 section 3); the certificate is compared with it all the same. */
function describeTls({ host, port, lookup, tls }: Place): ConnectionOptions {
  const named = isIP(host) === 0 ? { servername: host } : {};
  return { host, port, lookup, ALPNProtocols: ["http/1.1"], ...named, ...tls?.() };
}

/** Where a name has several addresses the error is one of all of them, without words of its own. */
function describeError(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message;
  const each: unknown[] = error.errors;
  return each.map((one) => (one instanceof Error ? one.message : String(one))).join(", ");
}

function join(head: string, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, "latin1");
  body.copy(bytes, head.length);
  return bytes;
}

/** The server took the connection for idle and ended it while the request was on its way. */
const stale: ConnectionFailure = {
  reason: "UpstreamBroken",
  message: "the server ended its connection before it answered: the call may have run, or not",
  sent: true,
  isStale: true,
};

function describeFailure({ host, port }: Place, message: string, isConnected: boolean): UpstreamFailure {
  return isConnected
    ? { reason: "UpstreamBroken", message: `the server ended its answer early: ${message}`, sent: true }
    : {
        reason: "UpstreamUnavailable",
        message: `the server at ${host}:${port} (from --upstream) can't be reached: ${message}`,
        sent: false,
      };
}
