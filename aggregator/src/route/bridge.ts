/**
 * Fits an answer to the era of the caller; everything else passes as it came. Source: MCP 2026-07-28 schema (Result),
 * 2025-11-25 schema (CallToolResult), error codes of both. Pure.
 */
import { rpcCodes } from "@outrigger/api/errors";
import type { Era, JsonObject, RpcError } from "@outrigger/mcp";

/** The result for the caller, or the type of one that is none. */
export type Bridged =
  { readonly ok: true; readonly result: JsonObject } | { readonly ok: false; readonly resultType: string };

/** What the answer is to, and for whom. */
export interface BridgedTo {
  readonly callerEra: Era;
  readonly method: string;
  /** The caller has declared that a call may end in a task. */
  readonly takesTasks?: boolean;
}

/** Members of results that only the modern era knows. */
const modernOnly = ["resultType", "ttlMs", "cacheScope"];

/** Requests that a modern server may answer with questions. */
const mayAsk = ["tools/call", "prompts/get", "resources/read"];

/** Results that modern callers may keep for a while, and so have to be told how long. */
const cacheable = ["resources/read"];

/**
 * Bridges one result. Modern callers get `resultType`, and of what may be kept how long, which is not at all where the server does not say;
 * legacy ones get neither these nor structured content that is no object. Questions (`input_required`) pass as they are, also to
 * legacy callers, because whoever relays them has to put them differently; so do tasks, to modern callers that take them. A result of any other
 * type is refused.
 */
export function bridgeResult(result: JsonObject, to: BridgedTo): Bridged {
  const { callerEra, method } = to;
  const resultType = result["resultType"] ?? "complete";
  if (resultType === "input_required" && mayAsk.includes(method)) return { ok: true, result };
  if (isTask(result) && mayBeTask(to)) return { ok: true, result };
  if (resultType !== "complete") return { ok: false, resultType: JSON.stringify(resultType) };
  if (callerEra === "modern") {
    const hints = cacheable.includes(method) ? { ttlMs: 0, cacheScope: "private" } : {};
    return { ok: true, result: { ...hints, ...result, resultType } };
  }
  const kept = Object.entries(result).filter(([name, value]) => !modernOnly.includes(name) && isLegal(name, value));
  return { ok: true, result: Object.fromEntries(kept) };
}

/** Only a call of a tool by a modern caller that says so. */
function mayBeTask({ callerEra, method, takesTasks }: BridgedTo): boolean {
  return callerEra === "modern" && method === "tools/call" && takesTasks === true;
}

/** True for a result that is a task, which the caller asks about from then on. */
export function isTask(result: JsonObject): result is JsonObject & { readonly taskId: string } {
  return result["resultType"] === "task" && typeof result["taskId"] === "string";
}

/** True for a result that asks for input. */
export function asksForInput(result: JsonObject): boolean {
  return result["resultType"] === "input_required";
}

/** Fits an error: the modern era has no code of its own for a resource that is not there. */
export function bridgeError(error: RpcError, { callerEra }: BridgedTo): RpcError {
  const isAbsent = callerEra === "modern" && error.code === rpcCodes.legacyResourceNotFound;
  return isAbsent ? { ...error, code: rpcCodes.invalidParams } : error;
}

function isLegal(name: string, value: unknown): boolean {
  return name !== "structuredContent" || (typeof value === "object" && value !== null && !Array.isArray(value));
}
