/**
 * One decision of the aggregator as the members of an audit line. It says who asked for what and what became of it, and nothing of
 * arguments, queries and results: where policy asks for those, the sidecar's line of the same id has them.
 */
import { cutText, withoutSecrets } from "@outrigger/runtime/audit-text";
import type { Arrival } from "./arrivals.ts";
import type { Judgement } from "./judge.ts";
import type { Reason } from "@outrigger/api/reasons";

/** Members of a line; the chain adds its own in front. */
export type AuditLine = Readonly<Record<string, unknown>>;

/**
 * What an operation was about. `via`: the endpoint's own tool by which `tool`, one of a server, was asked for; of methods that are not
 * about tools `tool` is the name or URI that they are about.
 */
export interface ToldOperation {
  readonly id: string;
  readonly traceId: string | undefined;
  readonly method: string;
  readonly via: string | undefined;
  readonly tool: string | undefined;
  /** Of the server that it was routed to. */
  readonly target: { readonly namespace: string; readonly server: string } | undefined;
  /** How often it went to another replica. */
  readonly retries: number;
  readonly judgement: Judgement;
  readonly durationMs: number;
}

/** The line of an operation. */
export function createOperationLine(arrival: Arrival, told: ToldOperation, nowMs: number): AuditLine {
  const { id, traceId, method, via, tool, target, retries, judgement } = told;
  return {
    time: new Date(nowMs).toISOString(),
    id,
    ...(traceId === undefined || traceId === id ? {} : { traceId }),
    endpoint: cutText(arrival.path),
    method: cutText(method),
    ...(via === undefined ? {} : { via }),
    ...(tool === undefined ? {} : nameAsked(method, tool)),
    ...(target === undefined ? {} : { namespace: target.namespace, server: target.server }),
    caller: arrival.caller,
    ...judgement,
    ...(retries === 0 ? {} : { retries }),
    durationMs: roundMs(told.durationMs),
  };
}

function nameAsked(method: string, asked: string): AuditLine {
  return method === "tools/call" ? { tool: cutText(asked) } : { name: cutText(withoutSecrets(asked)) };
}

/** What became of a request of which no message was read. `method`: of MCP where it is known, else of HTTP, or `unread`. */
export interface ToldRequest {
  readonly id: string;
  readonly method: string;
  readonly reason: Reason;
  readonly status: number;
  readonly durationMs: number;
}

/** The line of such a request. */
export function createRequestLine(arrival: Arrival, told: ToldRequest, nowMs: number): AuditLine {
  const { id, method, reason, status, durationMs } = told;
  return {
    time: new Date(nowMs).toISOString(),
    id,
    endpoint: cutText(arrival.path),
    method,
    caller: arrival.caller,
    decision: reason === "Allowed" ? "allow" : "deny",
    reason,
    status,
    durationMs: roundMs(durationMs),
  };
}

const roundMs = (durationMs: number): number => Math.round(durationMs * 1_000) / 1_000;
