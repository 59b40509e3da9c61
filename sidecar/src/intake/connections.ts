/**
 * Which connections are let in and which are ended for slowness: bounds in all and for each address, on requests that do not arrive
 * and answers that are not read. What a request says is not looked at.
 */
import { wireErrors } from "@outrigger/api/errors";
import { buildError } from "@outrigger/mcp";
import type { ConnectionGuard } from "../downstream/http1/server.ts";

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
  /** Has a server keep the bounds. */
  readonly guard: ConnectionGuard;
  readonly open: () => number;
  readonly ended: () => ReadonlyMap<EndedFor, number>;
}

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
  const enter = (peer: string): string | undefined => {
    const before = ofPeer.get(peer) ?? 0;
    const reason = open >= limits.maxConnections ? "too_many" : "too_many_of_peer";
    if (reason === "too_many" || before >= limits.maxPeerConnections) {
      count(reason);
      return refusal;
    }
    open++;
    ofPeer.set(peer, before + 1);
    return undefined;
  };
  const times = {
    // The smaller of the two holds for the headers, whichever it is.
    headerMs: Math.min(limits.headerTimeoutMs, limits.requestTimeoutMs),
    requestMs: limits.requestTimeoutMs,
    readerMs: limits.readerTimeoutMs,
  };
  return {
    guard: { times, enter, leave, onSlow: count },
    open: () => open,
    ended: () => ended,
  };
}

const reasons: readonly EndedFor[] = ["too_many", "too_many_of_peer", "slow_request", "slow_reader"];

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
