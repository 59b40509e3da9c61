/** What an answer to a call means for the person who typed it: done, failed, refused, unknown or unreachable. Pure. */
import { errorMetaKey, rpcCodes, type ProgramErrorCode } from "@outrigger/api/errors";
import type { JsonObject } from "@outrigger/mcp";
import type { CallAnswer } from "../mcp-call.ts";

/** The meaning. `result` is printed where there is one; `code` is absent where all went well. */
export interface CallOutcome {
  readonly result?: JsonObject;
  readonly code?: ProgramErrorCode;
  readonly what?: string;
  /** The endpoint let nobody in who shows what was shown. */
  readonly isCallerRefused?: true;
}

const refusals = new Set(["RateLimited", "ConcurrencyLimited", "FloodLimited", "MethodDenied", "RequestTooLarge"]);

/** Reads the meaning of an answer to a call of `tool`. */
export function readOutcome(tool: string, answer: CallAnswer): CallOutcome {
  switch (answer.kind) {
    case "unreachable":
      return { code: "OUTRIGGER_ERR_ENDPOINT_UNREACHABLE", what: answer.message };
    case "broken":
      return readBroken(answer);
    case "error":
      return readError(tool, answer);
    case "result":
      return readResult(tool, answer.result);
  }
}

function readBroken({ status, why }: Extract<CallAnswer, { kind: "broken" }>): CallOutcome {
  // An aggregator says in JSON what is wrong.
  if (status >= 400 && !isAuthStatus(status))
    return { code: "OUTRIGGER_ERR_ENDPOINT_UNREACHABLE", what: `HTTP ${status}, and ${why}` };
  const what = `The endpoint answered HTTP ${status}, and ${why}.`;
  return isAuthStatus(status)
    ? { code: "OUTRIGGER_ERR_REFUSED", what, isCallerRefused: true }
    : { code: "OUTRIGGER_ERR_TOOL_FAILED", what };
}

function readError(tool: string, error: Extract<CallAnswer, { kind: "error" }>): CallOutcome {
  if (isAuthStatus(error.status)) return { code: "OUTRIGGER_ERR_REFUSED", what: error.message, isCallerRefused: true };
  if (error.code === rpcCodes.invalidParams && /^unknown tool/i.test(error.message)) {
    return { code: "OUTRIGGER_ERR_TOOL_UNKNOWN", what: error.message };
  }
  return (
    readDetail(error.data, error.message) ?? { code: "OUTRIGGER_ERR_TOOL_FAILED", what: `${tool}: ${error.message}` }
  );
}

function readResult(tool: string, result: JsonObject): CallOutcome {
  if (result["resultType"] === "input_required") {
    const what = `${tool} asks back for input, which the command line can't give.`;
    return { result, code: "OUTRIGGER_ERR_TOOL_FAILED", what };
  }
  if (result["isError"] !== true) return { result };
  const meta = result["_meta"];
  const detail = isObject(meta) ? meta[errorMetaKey] : undefined;
  const refused = isObject(detail) ? readDetail(detail, firstText(result)) : undefined;
  return refused ?? { result, code: "OUTRIGGER_ERR_TOOL_FAILED", what: `${tool} reported an error.` };
}

/** A refusal of ours by its reason, with the wait it names; undefined where the detail is another one. */
function readDetail(detail: JsonObject, message: string): CallOutcome | undefined {
  const { reason, retryAfterMs } = detail;
  if (typeof reason !== "string" || !refusals.has(reason)) return undefined;
  const wait = typeof retryAfterMs === "number" ? ` Try again in ${formatWait(retryAfterMs)}.` : "";
  const saysWait = /\b(?:again|retry)\b/i.test(message);
  return { code: "OUTRIGGER_ERR_REFUSED", what: saysWait ? message : `${message}${wait}` };
}

/** A wait in the largest unit that keeps it short: `0.4 s`, `12 s`, `3 min`. */
export function formatWait(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

function firstText(result: JsonObject): string {
  const blocks: unknown[] = Array.isArray(result["content"]) ? result["content"] : [];
  const block = blocks.find((each) => isObject(each) && typeof each["text"] === "string");
  return isObject(block) ? String(block["text"]) : "";
}

function isAuthStatus(status: number): boolean {
  return status === 401 || status === 403;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null;
}
