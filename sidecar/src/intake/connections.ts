/**
 * Which connections are let in and which are ended for slowness: bounds in all and for each address, on requests that do not arrive
 * and answers that are not read. What a request says is not looked at.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { wireErrors } from "@outrigger/api/errors";
import { buildError } from "@outrigger/mcp";

/** Bounds of the connections of clients. Times in ms. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly maxPeerConnections: number;
  readonly headerTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly readerTimeoutMs: number;
}

/** Why a connection was ended by us. */
export type EndedFor = "too_many" | "too_many_of_peer" | "slow_request" | "slow_reader";

/** The connections of one door, whatever number of listeners it has. */
export interface Connections {
  /** Has a listener keep the bounds; before it is bound. */
  readonly guard: (server: Server) => void;
  readonly open: () => number;
  readonly ended: () => ReadonlyMap<EndedFor, number>;
}

/** How often slow requests are looked for, in ms. */
export const checkMs = 1_000;

/** Creates the guard of one door. */
export function createConnections(server: string, limits: ConnectionLimits): Connections {
  const ended = new Map<EndedFor, number>(reasons.map((reason) => [reason, 0]));
  const ofPeer = new Map<string, number>();
  const refusal = writeRefusal(server);
  let open = 0;
  const count = (reason: EndedFor): void => void ended.set(reason, (ended.get(reason) ?? 0) + 1);
  const leave = (peer: string): void => {
    open--;
    const left = (ofPeer.get(peer) ?? 1) - 1;
    if (left > 0) ofPeer.set(peer, left);
    else ofPeer.delete(peer);
  };
  const enter = (socket: Socket): void => {
    const peer = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
    const before = ofPeer.get(peer) ?? 0;
    const reason = open >= limits.maxConnections ? "too_many" : "too_many_of_peer";
    if (reason === "too_many" || before >= limits.maxPeerConnections) {
      count(reason);
      socket.write(refusal);
      socket.destroySoon();
      return;
    }
    open++;
    ofPeer.set(peer, before + 1);
    socket.once("close", () => leave(peer));
  };
  const onTimeout = (socket: Socket): void => {
    if (socket.timeout !== stallMs(limits)) {
      // Nobody came back within the time for which connections are kept: a listener takes the default's place.
      socket.destroy();
    } else if (socket.writableLength > 0) {
      count("slow_reader");
      socket.destroy();
    }
  };
  return {
    guard: (listener) => {
      // Node takes the smaller of the two for the headers, whichever it is.
      listener.headersTimeout = Math.min(limits.headerTimeoutMs, limits.requestTimeoutMs);
      listener.requestTimeout = limits.requestTimeoutMs;
      listener.timeout = stallMs(limits);
      listener.on("connection", enter);
      // Node writes the interim answer of a request that has others before it behind the head of its own, where it counts as body.
      listener.on("checkContinue", (request, response) => {
        if (response.socket !== null) response.writeContinue();
        listener.emit("request", request, response);
      });
      listener.on("timeout", onTimeout);
      listener.on("clientError", (error: NodeJS.ErrnoException, socket) => {
        const isSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
        if (isSlow) count("slow_request");
        if (socket.destroyed || !socket.writable) return;
        socket.end(`HTTP/1.1 ${isSlow ? "408 Request Timeout" : "400 Bad Request"}\r\nconnection: close\r\n\r\n`);
        linger(socket);
      });
    },
    open: () => open,
    ended: () => ended,
  };
}

/** How long a client whose request can't be read has to read the answer to it, in ms. */
const lingerMs = 1_000;

/** Reads nothing more of a connection that has its last answer: one that writes without an end would else be read without an end. */
function linger(socket: Duplex): void {
  // A listener in paused mode takes the bytes from the parser, and after a buffer full of them the system holds them back.
  socket.on("readable", () => undefined);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
}

const reasons: readonly EndedFor[] = ["too_many", "too_many_of_peer", "slow_request", "slow_reader"];

/** A millisecond more than asked for: by its length it is told from the time for which an idle connection is kept. */
const stallMs = ({ readerTimeoutMs }: ConnectionLimits): number => readerTimeoutMs + 1;

/** Seconds after which a connection may be had again. */
const retrySeconds = 1;

function writeRefusal(server: string): string {
  const wire = wireErrors.TooManyConnections;
  const body = buildError({
    code: wire.jsonRpcCode,
    message: "Too many connections are open. Close some, or try again later.",
    data: { outrigger: { reason: "TooManyConnections", server, retryAfterMs: retrySeconds * 1_000 } },
  });
  const head = [
    `HTTP/1.1 ${wire.httpStatus} Too Many Requests`,
    "content-type: application/json",
    `content-length: ${body.length}`,
    `retry-after: ${retrySeconds}`,
    "connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${body.toString("utf8")}`;
}
