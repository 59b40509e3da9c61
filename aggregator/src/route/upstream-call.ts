/**
 * One call as it goes to a server: its messages, and the headers beside them. Decides what of a caller is said upstream;
 * sending is `attempt.ts`'s.
 */
import { requestIdHeader, timeoutHeader } from "@outrigger/api/caller";
import {
  buildNotification,
  buildRequest,
  type ClientVoice,
  type JsonObject,
  type OutgoingMessage,
} from "@outrigger/mcp";
import type { Principal } from "../auth/principal.ts";
import { askingMethods, type CallerVoice, type RelayedRequest } from "./request.ts";

/** A call as it goes to the server, with the server's own names, and what the caller put into `_meta`. */
export interface UpstreamCall {
  readonly id: number;
  readonly request: RelayedRequest;
  /** Of the tool that is called; tells which arguments are repeated in headers. */
  readonly inputSchema: unknown;
  readonly meta: JsonObject;
  readonly caller: string;
  readonly principal: Principal;
  readonly voice: CallerVoice;
  /** What the server is told that the caller can do. */
  readonly capabilities: JsonObject;
  /** Joins what this program, the sidecar and its audit say of the call. */
  readonly requestId: string;
  /** The trace that it belongs to, as headers carry it. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is left of the call's whole time, in ms. */
  readonly remainingMs: () => number;
  /** The client was asked something, so that its time does not count: gives the end of it. */
  readonly pauseTime: () => () => void;
  /** Ends the attempt: the caller has gone or cancelled, or the deadline has passed. */
  readonly signal: AbortSignal;
}

/** Longest time in ms that a client may take to answer one request of a server. */
export const longestAskMs = 600_000;

const logLevelKey = "io.modelcontextprotocol/logLevel";

/** The request in the voice of an era. */
export function buildCall(voice: ClientVoice, call: UpstreamCall): OutgoingMessage {
  const { onProgress, logLevel } = call.voice;
  const meta = {
    ...call.meta,
    ...(onProgress === undefined ? {} : { progressToken: call.id }),
    ...(voice.era === "legacy" || logLevel === undefined ? {} : { [logLevelKey]: logLevel }),
  };
  const { method, params } = call.request;
  const whole = Object.keys(meta).length === 0 ? params : { ...params, _meta: meta };
  return buildRequest(voice, { id: call.id, method, params: whole });
}

/** Tells a legacy server that nobody waits for the answer any more. */
export function buildCancelled(voice: ClientVoice, requestId: number): OutgoingMessage {
  const params = { requestId, reason: "The caller does not wait any more." };
  return buildNotification(voice, { method: "notifications/cancelled", params });
}

/** What the sidecar is told beside the message: what the call is to be joined with, and how long anybody will wait for it. */
export function describeCall(call: UpstreamCall): Readonly<Record<string, string>> {
  const { requestId, headers, remainingMs, voice, capabilities } = call;
  const canBeAsked =
    voice.ask !== undefined && [...askingMethods.values()].some((name) => Object.hasOwn(capabilities, name));
  // Time in which the client is asked comes on top, and nobody knows how much it will be.
  const wholeMs = remainingMs() + (canBeAsked ? longestAskMs : 0);
  return { ...headers, [requestIdHeader]: requestId, [timeoutHeader]: String(Math.max(0, Math.floor(wholeMs))) };
}
