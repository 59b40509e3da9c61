/**
 * Opens a session again that another replica had opened: its handshake is done once more, with what its client said then, and nobody hears
 * the answer. The SDK's transport takes requests of HTTP alone, so this makes one that no socket has carried.
 */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Greeting } from "../replicas/handle.ts";

/** A transport, as far as this needs it. */
interface TakesRequests {
  readonly handleRequest: (req: IncomingMessage, res: ServerResponse, body?: unknown) => Promise<void>;
}

/** Does the handshake. The transport's session id is what its generator gives. */
export async function greet(transport: TakesRequests, greeting: Greeting, sessionId: () => string): Promise<void> {
  const initialize = { jsonrpc: "2.0", id: "outrigger/reopen", method: "initialize", params: greeting };
  await exchange(transport, initialize, {});
  const headers = { "mcp-session-id": sessionId() };
  await exchange(transport, { jsonrpc: "2.0", method: "notifications/initialized" }, headers);
}

/** Takes what is written and lets it go. */
class Sink extends Socket {
  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }

  override _writev(_chunks: unknown, done: () => void): void {
    done();
  }
}

async function exchange(
  transport: TakesRequests,
  body: object,
  extra: Readonly<Record<string, string>>,
): Promise<void> {
  const sink = new Sink();
  const req = new IncomingMessage(sink);
  const headers = {
    host: "localhost",
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    ...extra,
  };
  Object.assign(req, { method: "POST", url: "/", headers, rawHeaders: Object.entries(headers).flat() });
  req.push(null);
  const res = new ServerResponse(req);
  res.assignSocket(sink);
  try {
    await transport.handleRequest(req, res, body);
  } finally {
    sink.destroy();
  }
}
