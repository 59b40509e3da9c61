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
 * legacy callers, because whoever relays them has to put them differently. A result of any other type is refused.
 */
export function bridgeResult(result: JsonObject, { callerEra, method }: BridgedTo): Bridged {
  const resultType = result["resultType"] ?? "complete";
  if (resultType === "input_required" && mayAsk.includes(method)) return { ok: true, result };
  if (resultType !== "complete") return { ok: false, resultType: JSON.stringify(resultType) };
  if (callerEra === "modern") {
    const hints = cacheable.includes(method) ? { ttlMs: 0, cacheScope: "private" } : {};
    return { ok: true, result: { ...hints, ...result, resultType } };
  }
  const kept = Object.entries(result).filter(([name, value]) => !modernOnly.includes(name) && isLegal(name, value));
  return { ok: true, result: Object.fromEntries(kept) };
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
