/**
 * From a request of a caller to what is known of it while it is served: what goes along to a server, and how the caller can be asked and
 * told something meanwhile. The stage before whoever answers the method.
 */
import type { ServerContext } from "@modelcontextprotocol/server";
import { anyObject } from "./any-object.ts";
import type { Era, JsonObject } from "@outrigger/mcp";
import { idOf, type Principal } from "../../auth/principal.ts";
import { isHeard, type AskClient, type CallerVoice } from "../../route/request.ts";
import { longestAskMs } from "../../route/upstream-call.ts";
import type { Operation } from "../../telemetry/operations.ts";
import { isObject, type Invocation } from "../tools/invocation.ts";

/** What surrounds a request. `params`: as they came; `session`: "" where there is none; `capabilities`: what the client declared. */
export interface Circumstances {
  readonly context: ServerContext;
  readonly params: JsonObject;
  readonly era: Era;
  readonly session: string;
  readonly principal: Principal;
  readonly operation: Operation;
  /** Of a legacy client, from `initialize`. */
  readonly capabilities: JsonObject;
  /** Of a legacy session; undefined until it was set. */
  readonly logLevel: string | undefined;
}

const reservedPrefix = "io.modelcontextprotocol/";

/** Reads it. */
export function readInvocation(circumstances: Circumstances): Invocation {
  const { context, params, era, session, principal, operation } = circumstances;
  const meta = isObject(params["_meta"]) ? params["_meta"] : {};
  const { inputResponses, requestState } = params;
  return {
    ...{ era, principal, operation },
    caller: session || idOf(principal),
    arguments: params["arguments"],
    meta: pickForwarded(meta),
    signal: context.mcpReq.signal,
    voice: readVoice(circumstances, meta),
    retry: era === "modern" ? { inputResponses, requestState } : {},
  };
}

function readVoice({ context, era, capabilities, logLevel }: Circumstances, meta: JsonObject): CallerVoice {
  const { progressToken } = meta;
  const tell = (method: string, params: JsonObject): void => {
    // A caller that has gone needs no news.
    context.mcpReq.notify({ method, params }).catch(() => undefined);
  };
  const told: Pick<CallerVoice, "onProgress"> =
    progressToken === undefined
      ? {}
      : { onProgress: (params) => tell("notifications/progress", { ...params, progressToken }) };
  const onLog = (params: JsonObject): void => tell("notifications/message", params);
  if (era === "legacy") {
    // Without a level a server may send what it likes.
    const hear = logLevel === undefined ? onLog : hearFrom(logLevel, onLog);
    return { capabilities, ...told, ...(logLevel === undefined ? {} : { logLevel }), onLog: hear, ask: askOn(context) };
  }
  const declared = meta[`${reservedPrefix}clientCapabilities`];
  const level = meta[`${reservedPrefix}logLevel`];
  const logs = typeof level === "string" ? { logLevel: level, onLog: hearFrom(level, onLog) } : {};
  return { capabilities: isObject(declared) ? declared : {}, ...told, ...logs };
}

function hearFrom(level: string, onLog: (params: JsonObject) => void): (params: JsonObject) => void {
  return (params) => {
    if (isHeard(params["level"], level)) onLog(params);
  };
}

/** Asks on the stream of the request. */
function askOn({ mcpReq }: ServerContext): AskClient {
  return async ({ method, params }, signal) => {
    try {
      const result = await mcpReq.send({ method, params }, anyObject, { timeout: longestAskMs, signal });
      return { result };
    } catch (error) {
      return { error: describeError(error) };
    }
  };
}

function describeError(error: unknown): JsonObject {
  const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown };
  return {
    code: typeof code === "number" ? code : -32_603,
    message: typeof message === "string" ? message : "The client did not answer.",
    ...(data === undefined ? {} : { data }),
  };
}

/** What goes along to a server: trace context and vendors' keys, not what belongs to the connection with the caller. */
function pickForwarded(meta: JsonObject): JsonObject {
  const entries = Object.entries(meta).filter(([key]) => key !== "progressToken" && !key.startsWith(reservedPrefix));
  return Object.fromEntries(entries);
}
