/**
 * What became of an operation or of a request, in the one vocabulary: whether it was allowed, the reason, and how it failed. Pure.
 * A refusal of the sidecar or of the relay is told by the reason that stands in their answer.
 */
import { errorMetaKey, rpcCodes } from "@outrigger/api/errors";
import { reasons, toMetricLabel, type Reason } from "@outrigger/api/reasons";
import type { SpanAttributes } from "@outrigger/runtime/spans";
import type { CallOutcome } from "../route/failure.ts";

/** How an operation ended: as it was answered, or without an answer because the caller had cancelled it or was gone. */
export type OperationEnd = CallOutcome | { readonly kind: "cancelled" };

/** What is known before the end. `denied`: why the tool that was asked for is none of the caller's; `isRouted`: it went to a server. */
export interface Course {
  readonly method: string;
  readonly denied?: Reason | undefined;
  readonly isRouted: boolean;
}

/** The judgement. `reason` of what was allowed says what became of it. */
export interface Judgement {
  readonly decision: "allow" | "deny";
  readonly reason: Reason;
  readonly outcome: "ok" | "tool_error" | "error" | "cancelled";
}

/** Judges the end of an operation. */
export function judge(end: OperationEnd, { method, denied, isRouted }: Course): Judgement {
  const outcome = nameOutcome(end);
  if (denied !== undefined) return { decision: "deny", reason: denied, outcome };
  if (isRouted) return { decision: "allow", reason: readReason(end) ?? "Allowed", outcome };
  if (end.kind !== "error") return { decision: "allow", reason: "Allowed", outcome };
  return { decision: "deny", reason: reasonOfCode(end.error.code, method), outcome };
}

function nameOutcome(end: OperationEnd): Judgement["outcome"] {
  if (end.kind !== "result") return end.kind;
  return end.result["isError"] === true ? "tool_error" : "ok";
}

/** The reason that a refusal names in its data; undefined where it names none of ours. */
function readReason(end: OperationEnd): Reason | undefined {
  const detail =
    end.kind === "error"
      ? memberOf(end.error.data, "outrigger")
      : memberOf(memberOf(resultOf(end), "_meta"), errorMetaKey);
  const reason = memberOf(detail, "reason");
  return typeof reason === "string" && Object.hasOwn(reasons, reason) ? (reason as Reason) : undefined;
}

const resultOf = (end: OperationEnd): unknown => (end.kind === "result" ? end.result : undefined);

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  // JSON objects have string keys.
  return (value as Readonly<Record<string, unknown>>)[name];
}

/** Errors of the endpoint itself, which say no reason. */
function reasonOfCode(code: number, method: string): Reason {
  if (code === rpcCodes.methodNotFound) return "MethodDenied";
  if (code === rpcCodes.internal) return "Internal";
  return code === rpcCodes.invalidParams && method === "tools/call" ? "ArgumentsInvalid" : "RequestMalformed";
}

/** How a span says that it failed; undefined where it did not. */
export function describeFailure(end: OperationEnd, { reason, outcome }: Judgement): SpanAttributes | undefined {
  if (outcome === "ok" && reason === "Allowed") return undefined;
  const code = end.kind === "error" ? String(end.error.code) : undefined;
  return {
    "error.type": code ?? (outcome === "ok" ? toMetricLabel(reason) : outcome),
    ...(code === undefined ? {} : { "rpc.response.status_code": code }),
    ...(reason === "Allowed" ? {} : { "outrigger.reason": reason }),
  };
}

const knownCodes: ReadonlySet<number> = new Set(Object.values(rpcCodes));

/** The label `error_type`: a reason, the outcome of a tool, or a code of the specification; servers may make up others. */
export function labelFailure(end: OperationEnd, { reason, outcome }: Judgement): string {
  if (reason !== "Allowed") return toMetricLabel(reason);
  if (end.kind !== "error") return outcome === "ok" ? "" : outcome;
  return knownCodes.has(end.error.code) ? String(end.error.code) : "_OTHER";
}

/** What an HTTP request was refused for that no message was read from; `Allowed` below 400. `given` is what is known beside its status. */
export function reasonOfStatus(
  status: number,
  given: { readonly guard: Reason | undefined; readonly hasSession: boolean },
): Reason {
  if (status < 400) return "Allowed";
  if (status === 403) return given.guard ?? "RequestMalformed";
  if (status === 404) return given.hasSession ? "SessionUnknown" : "PathNotServed";
  const known = statuses.get(status);
  return known ?? (status >= 500 ? "Internal" : "RequestMalformed");
}

const statuses: ReadonlyMap<number, Reason> = new Map<number, Reason>([
  [405, "MethodDenied"],
  [408, "SlowClient"],
  [413, "RequestTooLarge"],
  [429, "FloodLimited"],
  [503, "UpstreamStarting"],
]);
