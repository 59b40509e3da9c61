/**
 * What a server says before its answer: progress and log messages go to the caller, requests to the client, and its replies back.
 * Decides which of them are relayed. A request that can't be put to anybody ends the call with the name of the capability.
 */
import type { JsonObject, OutgoingMessage } from "@outrigger/mcp";
import { askingMethods, type ClientReply } from "./request.ts";
import type { UpstreamCall } from "./upstream-call.ts";

/** How a conversation reaches its server. `refuse`: gets the capability for want of which the call can't go on. */
export interface Line {
  readonly say: (message: OutgoingMessage) => void;
  readonly refuse: (capability: string) => void;
}

/** A conversation beside one call. */
export interface Conversation {
  readonly hear: (message: JsonObject) => void;
  /** The call is over: nobody is asked any more. */
  readonly end: () => void;
}

/** Begins it. */
export function converse(call: UpstreamCall, line: Line): Conversation {
  const asked = new Map<unknown, AbortController>();

  const put = async (id: unknown, request: { method: string; params: JsonObject }): Promise<void> => {
    const { ask } = call.voice;
    if (ask === undefined || asked.has(id)) return;
    const ending = new AbortController();
    asked.set(id, ending);
    const resume = call.pauseTime();
    const reply = await ask(request, ending.signal);
    resume();
    asked.delete(id);
    if (!ending.signal.aborted) line.say(buildReply(id, reply));
  };
  const take = (message: JsonObject): void => {
    const { id, method } = message;
    const capability = askingMethods.get(String(method));
    if (method === "ping") line.say(buildReply(id, { result: {} }));
    else if (capability === undefined) line.say(buildReply(id, { error: unknownMethod }));
    else if (call.capabilities[capability] === undefined) {
      line.say(buildReply(id, { error: unknownMethod }));
      line.refuse(capability);
    } else void put(id, { method: String(method), params: asObject(message["params"]) });
  };
  return {
    hear: (message) => {
      const params = asObject(message["params"]);
      if (message["id"] !== undefined) take(message);
      else if (message["method"] === "notifications/progress" && params["progressToken"] === call.id) {
        call.voice.onProgress?.(params);
      } else if (message["method"] === "notifications/message") call.voice.onLog?.(params);
      else if (message["method"] === "notifications/cancelled") asked.get(params["requestId"])?.abort();
    },
    end: () => {
      for (const ending of asked.values()) ending.abort();
    },
  };
}

const unknownMethod = { code: -32_601, message: "The caller has not declared that it answers such requests." };

function buildReply(id: unknown, reply: ClientReply): OutgoingMessage {
  return {
    body: Buffer.from(JSON.stringify({ jsonrpc: "2.0", id, ...reply })),
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
  };
}

function asObject(value: unknown): JsonObject {
  // JSON objects have string keys.
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
