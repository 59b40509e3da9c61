/** The spans of calls: one as the server of who called, and within it one as the client of the server behind. */
import { toMetricLabel } from "@outrigger/api/reasons";
import { writeContext, type OpenSpan, type Origin, type SpanExport, type SpanStart } from "@outrigger/runtime/spans";
import type { CallSpan, Decided, KeptAnswer } from "../../call/exchange.ts";
import type { CallRecord } from "../../call/record.ts";
import { describeSpan } from "./describe-span.ts";
import { readOutcome } from "./read-outcome.ts";
import { findExchangeOrigins } from "./trace-parents.ts";

/** Starts the spans of calls. */
export interface CallTracer {
  /** Undefined for what carries no message: streams that are opened, sessions that are ended. */
  readonly start: (exchange: Decided) => CallSpan | undefined;
}

/** What the tracer is made with. */
export interface TracerOptions {
  readonly spans: SpanExport;
  /** How the server is reached: `pipe` for a stdio server. */
  readonly transport: "tcp" | "pipe";
  readonly isKnownTool: (name: string) => boolean;
  /** The clock of calls, ms. */
  readonly now: () => number;
  /** What the clock of calls showed 0 at, ms since the epoch. */
  readonly originMs: number;
}

/** Creates the tracer. */
export function createCallTracer(options: TracerOptions): CallTracer {
  return { start: (exchange) => (exchange.form === "none" ? undefined : startSpans(exchange, options)) };
}

function startSpans(exchange: Decided, options: TracerOptions): CallSpan {
  const { spans, transport, isKnownTool, now, originMs } = options;
  const { name, attributes } = describeSpan(exchange, isKnownTool);
  const serverSide = spans.start(
    {
      name,
      kind: "server",
      attributes: { ...attributes, "network.transport": "tcp" },
      startMs: originMs + exchange.received.startedMs,
    },
    findExchangeOrigins(exchange),
  );
  const client = (): SpanStart => ({
    name,
    kind: "client",
    attributes: { ...attributes, "network.transport": transport },
    startMs: originMs + now(),
  });
  const clientSide = exchange.allowed.length === 0 ? undefined : serverSide.open(client());
  return finishTogether(exchange, { serverSide, clientSide }, () => originMs + now());
}

interface Spans {
  readonly serverSide: OpenSpan;
  readonly clientSide: OpenSpan | undefined;
}

function finishTogether(exchange: Decided, spans: Spans, nowMs: () => number): CallSpan {
  const { serverSide, clientSide } = spans;
  const passedOn = (clientSide ?? serverSide).context;
  let left = exchange.allowed.length + exchange.refused.length;
  return {
    traceId: passedOn.traceId,
    headers: (forward) => replaceContext(forward, passedOn),
    end: (call, answer) => {
      tellReason(serverSide, call);
      left--;
      if (left > 0) return;
      for (const span of clientSide === undefined ? [serverSide] : [clientSide, serverSide]) {
        if (answer !== undefined) tellOutcome(span, answer);
        span.end(nowMs());
      }
    },
  };
}

function tellReason(serverSide: OpenSpan, call: CallRecord): void {
  if (call.reason === "Allowed") return;
  serverSide.fail({ "outrigger.reason": call.reason, "error.type": toMetricLabel(call.reason) });
}

function tellOutcome(span: OpenSpan, answer: KeptAnswer): void {
  const { errorType, statusCode } = readOutcome(answer);
  if (errorType === undefined) return;
  span.fail({
    "error.type": errorType,
    ...(statusCode === undefined ? {} : { "rpc.response.status_code": statusCode }),
  });
}

const contextHeaders: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);

/** The header alone is ours to change: the message's bytes are not. */
function replaceContext(forward: readonly string[], context: Origin): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < forward.length; at += 2) {
    if (!contextHeaders.has(forward[at] ?? "")) kept.push(forward[at] ?? "", forward[at + 1] ?? "");
  }
  return [...kept, ...Object.entries(writeContext(context)).flat()];
}
