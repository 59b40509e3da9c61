/**
 * Fits a tool's result to the era of the caller; everything else passes as it came. Source: MCP 2026-07-28 schema (Result),
 * 2025-11-25 schema (CallToolResult).
 */
import type { Era, JsonObject } from "@outrigger/mcp";

/** The result for the caller, or what the server wants that is not relayed. */
export type Bridged =
  { readonly ok: true; readonly result: JsonObject } | { readonly ok: false; readonly resultType: string };

/** Members of results that only the modern era knows. */
const modernOnly = ["resultType", "ttlMs", "cacheScope"];

/**
 * Bridges one result of `tools/call`. Modern callers get `resultType`; legacy ones get neither that nor structured content
 * that is no object. Refused are results that ask for input or stand for a task: nothing upstream was told that we do that.
 */
export function bridgeResult(result: JsonObject, callerEra: Era): Bridged {
  const resultType = result["resultType"] ?? "complete";
  if (resultType !== "complete") return { ok: false, resultType: JSON.stringify(resultType) };
  if (callerEra === "modern") return { ok: true, result: { ...result, resultType } };
  const kept = Object.entries(result).filter(([name, value]) => !modernOnly.includes(name) && isLegal(name, value));
  return { ok: true, result: Object.fromEntries(kept) };
}

function isLegal(name: string, value: unknown): boolean {
  return name !== "structuredContent" || (typeof value === "object" && value !== null && !Array.isArray(value));
}
