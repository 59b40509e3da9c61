/**
 * Sends one message to the server as a client of its own and reads the answer. The upstream is used directly: what the sidecar
 * asks for itself is neither metered nor filtered. Bounded in size and time; never repeats a request.
 */
import {
  createAnswerReader,
  scanMessage,
  type AnswerEvent,
  type JsonObject,
  type OutgoingMessage,
  type RpcError,
} from "@outrigger/mcp";
import { findHeader } from "../upstream/headers.ts";
import {
  ownCaller,
  type Upstream,
  type UpstreamCall,
  type UpstreamFailure,
  type UpstreamRequest,
} from "../upstream/upstream.ts";

/** How the server is reached. `headers`: flat list that goes with every request (Host, credentials). */
export interface ServerAccess {
  readonly upstream: Upstream;
  readonly path: string;
  readonly headers: readonly string[];
  readonly timeoutMs: number;
  /** Bound of one answer, or of one event of a stream. */
  readonly maxBytes: number;
}

/** A message with what it belongs to. `id` is the request's; absent for notifications and responses. */
export interface Asked {
  readonly message: OutgoingMessage;
  readonly id?: string | number;
  readonly sessionId?: string | undefined;
}

/** What came back. `bytes`: size of the whole answer. `status`: an answer without a JSON-RPC body. */
export type Reply =
  | {
      readonly type: "result";
      readonly result: JsonObject;
      readonly status: number;
      readonly sessionId: string | undefined;
      readonly bytes: number;
    }
  | { readonly type: "error"; readonly error: RpcError; readonly status: number }
  | { readonly type: "status"; readonly status: number; readonly reason: string }
  | { readonly type: "failure"; readonly failure: UpstreamFailure };

/** Who hears what the server says besides the answer. */
export type MessageListener = (message: JsonObject) => void;

/** Sends a message by POST. Settles with the answer, the bare status, or the failure; never rejects. */
export function ask(access: ServerAccess, asked: Asked, onMessage: MessageListener = () => undefined): Promise<Reply> {
  return new Promise((settle) => {
    let head = { status: 0, sessionId: undefined as string | undefined };
    let bytes = 0;
    let reader: ReturnType<typeof createAnswerReader> | undefined;
    const finish = (reply: Reply): void => {
      clearTimeout(timer);
      settle(reply);
    };
    const take = (events: readonly AnswerEvent[]): void => {
      for (const event of events) {
        if (event.type === "message") onMessage(event.message);
        else if (event.type === "answer") finish({ type: "result", result: event.result, ...head, bytes });
        else if (event.type === "error") finish({ type: "error", error: event.error, status: head.status });
        else finish({ type: "status", status: head.status, reason: event.reason });
      }
    };
    const timer = setTimeout(() => {
      call.abort();
      const message = `the server did not answer within ${access.timeoutMs} ms`;
      finish({ type: "failure", failure: { reason: "UpstreamTimeout", message, sent: true } });
    }, access.timeoutMs);
    const call: UpstreamCall = access.upstream.send(buildPost(access, asked), {
      onHead(status, headers) {
        head = { status, sessionId: findHeader(headers, "mcp-session-id") };
        if (asked.id === undefined) return;
        const contentType = findHeader(headers, "content-type");
        reader = createAnswerReader({ id: asked.id, contentType, maxBytes: access.maxBytes });
      },
      onData(chunk) {
        bytes += chunk.length;
        take(reader?.push(chunk) ?? []);
        if (bytes > access.maxBytes) call.abort();
        return true;
      },
      onEnd() {
        take(reader?.end() ?? []);
        finish({ type: "status", status: head.status, reason: `the server answered with HTTP ${head.status}` });
      },
      onFailure: (failure) => finish({ type: "failure", failure }),
    });
  });
}

/** Builds the upstream's request for an outgoing message, as the call path would for a client's. */
export function buildPost(access: ServerAccess, { message, sessionId }: Asked): UpstreamRequest {
  const scanned = scanMessage(message.body);
  return {
    method: "POST",
    path: access.path,
    headers: [...access.headers, ...Object.entries(message.headers).flat(), ...sessionHeader(sessionId)],
    body: message.body,
    caller: ownCaller,
    ...(scanned.kind === "message" ? { message: scanned.message } : {}),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}

/** Builds a request without body: GET opens a session's stream, DELETE ends a session. */
export function buildBodiless(
  access: ServerAccess,
  method: "GET" | "DELETE",
  session: { readonly sessionId?: string | undefined; readonly version?: string | undefined },
): UpstreamRequest {
  const { sessionId, version } = session;
  const versionHeader = version === undefined ? [] : ["mcp-protocol-version", version];
  const accept = method === "GET" ? ["accept", "text/event-stream"] : [];
  return {
    method,
    path: access.path,
    headers: [...access.headers, ...accept, ...versionHeader, ...sessionHeader(sessionId)],
    caller: ownCaller,
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}

function sessionHeader(sessionId: string | undefined): readonly string[] {
  return sessionId === undefined ? [] : ["mcp-session-id", sessionId];
}
