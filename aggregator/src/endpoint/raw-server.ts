/**
 * An SDK server that can answer requests with raw JSON. The SDK checks and trims the results that handlers return; what a server
 * behind us said must pass as it came, so a handler leaves the outcome here, and it takes the place of the checked one on the
 * way out. Everything else (handshake, sessions, streams, cancellation) stays the SDK's.
 */
import { McpServer, type JSONRPCMessage, type RequestId, type Transport } from "@modelcontextprotocol/server";
import type { JsonObject } from "@outrigger/mcp";
import type { CallOutcome } from "../route/failure.ts";
import type { OperationEnd } from "../telemetry/judge.ts";
import type { Operation, Operations } from "../telemetry/operations.ts";
import type { AnswerHolder } from "./exchange.ts";

/** What clients are told of: templates change with resources. */
export const changedLists = ["tools", "prompts", "resources"] as const;
export type ChangedList = (typeof changedLists)[number];

/** A server whose handlers may answer with an outcome of their own. One per exchange (modern) or session (legacy). */
export class RawServer extends McpServer {
  readonly #outcomes = new Map<RequestId, CallOutcome>();
  readonly #operations = new Map<RequestId, Operation>();
  readonly #atEnd: (() => void)[] = [];
  readonly #params = new Map<RequestId, JsonObject>();
  #greeting: JsonObject = {};
  #schemaOf: (name: string) => JsonObject | undefined = () => undefined;
  #told: Operations | undefined;
  #holder: AnswerHolder | undefined;

  /** Has operations begun and ended for the messages that pass. */
  tell(operations: Operations): void {
    this.#told = operations;
  }

  /** Has headers of calls compared with their arguments, by the schema of the tool that a name stands for. */
  checkParamHeaders(schemaOf: (name: string) => JsonObject | undefined): void {
    this.#schemaOf = schemaOf;
  }

  /** The SDK asks for the schema of a tool before it takes a modern call of it. */
  override toolInputSchemaJson(name: string): Record<string, unknown> | undefined {
    return this.#schemaOf(name);
  }

  /** Leaves the answer of the exchange there; the transport gets an empty one, unless it has streamed something before. */
  leaveAnswer(holder: AnswerHolder): void {
    this.#holder = holder;
  }

  /** Tells the client to read a list again. A client whose stream has just broken hears of it when it does. */
  tellChanged(list: ChangedList): void {
    const { server } = this;
    const tellers = {
      tools: () => server.sendToolListChanged(),
      prompts: () => server.sendPromptListChanged(),
      resources: () => server.sendResourceListChanged(),
    };
    tellers[list]().catch(() => undefined);
  }

  /** Runs something when the exchange or session has ended. */
  atEnd(run: () => void): void {
    this.#atEnd.push(run);
  }

  /** The operation of a request that has not been answered. */
  operationOf(id: RequestId): Operation | undefined {
    return this.#operations.get(id);
  }

  /** The params of a request that has not been answered, as they came: the SDK hands on less of them. */
  paramsOf(id: RequestId): JsonObject {
    return this.#params.get(id) ?? {};
  }

  /** The params of `initialize`, as they came; empty before it, and where there is none. */
  greeting(): JsonObject {
    return this.#greeting;
  }

  /** Ends the operation of a request that gets no answer, since nobody waits for one. */
  abandon(id: RequestId): void {
    this.#finish(id, { kind: "cancelled" });
  }

  /** Sends this outcome instead of the result that the handler of request `id` returns next. */
  answer(id: RequestId, outcome: CallOutcome): void {
    this.#outcomes.set(id, outcome);
  }

  override async connect(transport: Transport): Promise<void> {
    const send = transport.send.bind(transport);
    // The SDK looks at the class of a transport, so it can't be wrapped.
    transport.send = (message, options) => send(this.#hold(this.#replace(message)), options);
    await super.connect(transport);
    const closed = transport.onclose;
    transport.onclose = () => {
      for (const run of this.#atEnd.splice(0)) run();
      closed?.();
    };
    const take = transport.onmessage;
    transport.onmessage = (message, extra) => {
      this.#begin(message);
      take?.(message, extra);
    };
  }

  #begin(message: JSONRPCMessage): void {
    const operation = this.#told?.begin(message);
    if (!("method" in message) || !("id" in message)) return;
    const params = message.params ?? {};
    if (message.method === "initialize") this.#greeting = params;
    this.#params.set(message.id, params);
    if (operation !== undefined) this.#operations.set(message.id, operation);
  }

  #finish(id: RequestId, end: OperationEnd): void {
    this.#operations.get(id)?.end(end);
    this.#operations.delete(id);
    this.#params.delete(id);
  }

  #hold(message: JSONRPCMessage): JSONRPCMessage {
    const holder = this.#holder;
    if (holder === undefined) return message;
    this.#holder = undefined;
    if (!("result" in message)) return message;
    holder.answer = message;
    return { jsonrpc: "2.0", id: message.id, result: {} };
  }

  #replace(message: JSONRPCMessage): JSONRPCMessage {
    if ("method" in message || message.id === undefined) return message;
    const { id } = message;
    const outcome = this.#outcomes.get(id);
    this.#outcomes.delete(id);
    if ("error" in message) {
      this.#finish(id, { kind: "error", error: message.error });
      return message;
    }
    this.#finish(id, outcome ?? { kind: "result", result: message.result });
    if (outcome === undefined) return message;
    return outcome.kind === "result"
      ? { jsonrpc: "2.0", id, result: outcome.result }
      : { jsonrpc: "2.0", id, error: outcome.error };
  }
}
