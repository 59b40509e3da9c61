/** What the tools of the endpoint work with, and the shapes in which they answer. */
import { rpcCodes, wireErrors, type ErrorDetail } from "@outrigger/api/errors";
import type { Era, JsonObject } from "@outrigger/mcp";
import type { Principal } from "../../auth/principal.ts";
import type { ToolEntry } from "../../catalog/entry.ts";
import type { AggregatorMetrics } from "../../metrics.ts";
import type { CallOutcome } from "../../route/failure.ts";
import type { Relay } from "../../route/relay.ts";
import type { CallerVoice } from "../../route/request.ts";
import type { State } from "../../state/state.ts";
import type { AskedTool, Operation } from "../../telemetry/operations.ts";
import type { Decision } from "../decide.ts";
import type { Holds } from "../rounds/held/holds.ts";
import type { RequestStates } from "../rounds/request-state.ts";
import type { TaskIds } from "../tasks/task-ids.ts";
import type { Resolved } from "./resolve.ts";

/** What is told of a call when it is over: never its arguments or its result. */
export interface CallTold {
  readonly requestId: string;
  readonly namespace: string;
  readonly server: string;
  readonly tool: string;
  readonly outcome: "ok" | "tool_error" | "error" | "cancelled";
  readonly durationMs: number;
}

/** What all calls of one endpoint share. */
export interface EndpointParts {
  readonly state: State;
  readonly decision: Decision;
  readonly relay: Relay;
  readonly metrics: AggregatorMetrics;
  readonly states: RequestStates;
  readonly holds: Holds;
  readonly tasks: TaskIds;
  readonly nowMs: () => number;
  readonly onCall: (told: CallTold) => void;
}

/**
 * One call of a tool. `caller`: whose upstream sessions it may use, that is its session, or without one its principal, or nobody's (""); `meta`
 * is what goes along to a server; `operation` is told what was asked for; `voice` is what the caller can be asked and told meanwhile.
 */
export interface Invocation {
  readonly arguments: unknown;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly caller: string;
  readonly principal: Principal;
  readonly era: Era;
  readonly signal: AbortSignal;
  readonly operation: Operation;
  readonly voice: CallerVoice;
  readonly retry: Retry;
}

/** What a modern caller sends along when it asks again with the input that it was asked for; both as they came. */
export interface Retry {
  readonly inputResponses?: unknown;
  readonly requestState?: unknown;
}

/** Tells the operation which tool was asked for, and what was decided about it. */
export function tellAsked(
  { operation }: Invocation,
  resolved: Resolved,
  asked: { readonly name: string; readonly via?: string },
): void {
  operation.ask({ ...asked, ...(resolved.ok ? { tool: nameTool(resolved.tool) } : { denied: resolved.reason }) });
}

/** As the catalogue of all servers has it, whatever the endpoint calls it. */
function nameTool({ publicName, reshaped }: ToolEntry): AskedTool {
  return { publicName: reshaped?.from.publicName ?? publicName, isOfFew: reshaped?.isRuled === true };
}

/** A result with the same value as structure and as text, for callers that read only one of them. */
export function answerWith(value: JsonObject, era: Era): CallOutcome {
  return finishResult({ content: [{ type: "text", text: JSON.stringify(value) }], structuredContent: value }, era);
}

/** A result that tells a model what is wrong with its call. */
export function answerError(text: string, era: Era): CallOutcome {
  return finishResult({ content: [{ type: "text", text }], isError: true }, era);
}

/** What is said beside a name that nobody knows while servers are still being read. */
export const mayCome = "Servers are still being read, and it may be among them. Try again.";

/** How long to wait then, ms. */
const readingRetryMs = 1_000;

/** A name that nobody knows yet: an error that says so, and when to try again. */
export function refuseWhileReading(name: string): CallOutcome {
  const shown = JSON.stringify(name.replace(/\p{C}/gu, "?").slice(0, 128));
  const data: ErrorDetail = { reason: "UpstreamStarting", server: "", name, retryAfterMs: readingRetryMs };
  const { jsonRpcCode: code } = wireErrors.UpstreamStarting;
  return { kind: "error", error: { code, message: `${shown} is not known. ${mayCome}`, data: { outrigger: data } } };
}

/** Arguments that are not of the declared form: an error that names field, what was expected and what came. */
export function refuseArguments(field: string, expected: string, got: unknown): CallOutcome {
  const shown = got === undefined ? "nothing" : JSON.stringify(got).slice(0, 64);
  const message = `Invalid arguments: ${field}: expected ${expected}, got ${shown}`;
  return { kind: "error", error: { code: rpcCodes.invalidParams, message } };
}

/** Texts among the arguments, by the first of the names that is there; or the refusal of what is not of that form. */
export type ReadTexts<K extends string> =
  | { readonly ok: true; readonly texts: { readonly [P in K]?: string }; readonly input: JsonObject }
  | { readonly ok: false; readonly outcome: CallOutcome };

/** Reads texts from the arguments: `wanted` maps what code calls them to the names that callers may use. */
export function readTexts<K extends string>(
  value: unknown,
  wanted: Readonly<Record<K, readonly string[]>>,
): ReadTexts<K> {
  const input = value ?? {};
  if (!isObject(input)) return { ok: false, outcome: refuseArguments("arguments", "an object", value) };
  const texts: { [P in K]?: string } = {};
  // Object.keys of a record yields exactly its keys.
  for (const key of Object.keys(wanted) as K[]) {
    const name = wanted[key].find((each) => input[each] !== undefined);
    const text = name === undefined ? undefined : input[name];
    if (text === undefined) continue;
    if (typeof text !== "string") return { ok: false, outcome: refuseArguments(name ?? key, "a string", text) };
    texts[key] = text;
  }
  return { ok: true, texts, input };
}

/** True for JSON objects. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function finishResult(result: JsonObject, era: Era): CallOutcome {
  return { kind: "result", result: era === "modern" ? { ...result, resultType: "complete" } : result };
}
