/**
 * The older transport as the SDK's server sees it: a session's posted messages in, everything that is sent onto its one stream.
 * Decides which messages a session takes; what they are answered with is the server's affair, as for any transport.
 */
import {
  isInitializeRequest,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  type JSONRPCMessage,
  type RequestId,
  type Transport,
} from "@modelcontextprotocol/server";
import { refuseFor, type Refusal } from "../respond.ts";

/** What a transport needs; `maxPending` bounds requests under way. */
export interface OlderTransportOptions {
  readonly sessionId: string;
  readonly maxPending: number;
  readonly send: (json: string) => void;
}

/** A transport of one session. */
export interface OlderTransport extends Transport {
  /** Takes one posted message, or a batch, as parsed JSON; or says why nothing of it is taken. */
  readonly take: (body: unknown) => Refusal | undefined;
}

/** Creates the transport of a session. */
export function createOlderTransport({ sessionId, maxPending, send }: OlderTransportOptions): OlderTransport {
  const pending = new Set<RequestId>();
  let isInitialized = false;
  let isClosed = false;

  const findProblem = (messages: readonly JSONRPCMessage[]): Refusal | undefined => {
    if (messages.some(isInitializeRequest)) {
      if (messages.length > 1) return refuseFor("RequestMalformed", "initialize can't be part of a batch.");
      if (isInitialized) return refuseFor("RequestMalformed", "The session is open already; initialize opens one.");
    }
    const ids = messages.filter(isJSONRPCRequest).map(({ id }) => id);
    if (new Set(ids).size < ids.length || ids.some((id) => pending.has(id))) {
      return refuseFor("RequestMalformed", "A request with this id is under way in this session.");
    }
    if (pending.size + ids.length <= maxPending) return undefined;
    const message = `No more than ${maxPending} requests may be under way in a session at once; try again later.`;
    return { ...refuseFor("FloodLimited", message), retryAfterSeconds: 1 };
  };
  const note = (message: JSONRPCMessage): void => {
    if (isJSONRPCRequest(message)) pending.add(message.id);
    isInitialized ||= isInitializeRequest(message);
    // A request that was cancelled gets no response.
    const cancelled = readCancelled(message);
    if (cancelled !== undefined) pending.delete(cancelled);
  };

  const transport: OlderTransport = {
    sessionId,
    start: () => Promise.resolve(),
    send: (message) => {
      if (isJSONRPCResponse(message) && message.id !== undefined) pending.delete(message.id);
      send(JSON.stringify(message));
      return Promise.resolve();
    },
    close: () => {
      if (!isClosed) {
        isClosed = true;
        transport.onclose?.();
      }
      return Promise.resolve();
    },
    take: (body) => {
      const messages: readonly unknown[] = Array.isArray(body) ? body : [body];
      if (messages.length === 0 || !messages.every(isMessage)) {
        return refuseFor("RequestMalformed", "The body is not a JSON-RPC 2.0 message of MCP.");
      }
      const problem = findProblem(messages);
      if (problem !== undefined) return { ...problem, idBytes: readIdBytes(messages) };
      for (const message of messages) {
        note(message);
        transport.onmessage?.(message);
      }
      return undefined;
    },
  };
  return transport;
}

function isMessage(value: unknown): value is JSONRPCMessage {
  return isJSONRPCRequest(value) || isJSONRPCNotification(value) || isJSONRPCResponse(value);
}

function readCancelled(message: JSONRPCMessage): RequestId | undefined {
  if (!("method" in message) || message.method !== "notifications/cancelled") return undefined;
  const id = message.params?.["requestId"];
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}

/** The id that a refusal bears: that of the one request which it is about. */
function readIdBytes([message, ...others]: readonly JSONRPCMessage[]): Uint8Array | undefined {
  return message !== undefined && others.length === 0 && isJSONRPCRequest(message)
    ? Buffer.from(JSON.stringify(message.id))
    : undefined;
}
