/**
 * An SDK server that can answer requests with raw JSON. The SDK checks and trims the results that handlers return; what a server
 * behind us said must pass as it came, so a handler leaves the outcome here, and it takes the place of the checked one on the
 * way out. Everything else (handshake, sessions, streams, cancellation) stays the SDK's.
 */
import { McpServer, type JSONRPCMessage, type RequestId, type Transport } from "@modelcontextprotocol/server";
import type { CallOutcome } from "../route/failure.ts";

/** A server whose handlers may answer with an outcome of their own. One per exchange (modern) or session (legacy). */
export class RawServer extends McpServer {
  readonly #outcomes = new Map<RequestId, CallOutcome>();

  /** Sends this outcome instead of the result that the handler of request `id` returns next. */
  answer(id: RequestId, outcome: CallOutcome): void {
    this.#outcomes.set(id, outcome);
  }

  override async connect(transport: Transport): Promise<void> {
    const send = transport.send.bind(transport);
    // The SDK looks at the class of a transport, so it can't be wrapped.
    transport.send = (message, options) => send(this.#replace(message), options);
    await super.connect(transport);
  }

  #replace(message: JSONRPCMessage): JSONRPCMessage {
    if ("method" in message || message.id === undefined) return message;
    const outcome = this.#outcomes.get(message.id);
    if (outcome === undefined) return message;
    this.#outcomes.delete(message.id);
    const { id } = message;
    if ("error" in message) return message;
    return outcome.kind === "result"
      ? { jsonrpc: "2.0", id, result: outcome.result }
      : { jsonrpc: "2.0", id, error: outcome.error };
  }
}
