/**
 * What a call tells about itself beside its metrics: an audit line for each decision, and spans where traces are exported.
 * Decides who is told what; how a line or a span is made is decided behind it. Undefined where nobody is told anything.
 */
import type { AuditStream } from "@outrigger/runtime/audit";
import type { AuditMode } from "@outrigger/runtime/audit-settings";
import type { CallRecord } from "../call/record.ts";
import type { CallTelemetry, Decided, Told } from "../call/exchange.ts";
import { createAuditLine } from "./audit/audit-line.ts";
import { answerLimits } from "./audit/audit-rules.ts";
import { keepAnswer } from "./keep-answer.ts";
import { createIds } from "./request-id.ts";
import type { CallTracer } from "./traces/call-tracer.ts";

/** Who is told. */
export interface TelemetryParts {
  readonly audit?: { readonly stream: AuditStream; readonly mode: AuditMode };
  readonly tracer?: CallTracer;
  /** Begins the ids of requests that bring none; not the same in any two processes. */
  readonly idPrefix: string;
  /** ms since the epoch. */
  readonly wallNow: () => number;
}

/** Creates what calls report to, or undefined where there is nobody to be told: then a call pays one check. */
export function createCallTelemetry(parts: TelemetryParts): CallTelemetry | undefined {
  const { audit, tracer, wallNow } = parts;
  if (audit === undefined && tracer === undefined) return undefined;
  const idOf = createIds(parts.idPrefix);
  const write = (exchange: Told, call: CallRecord): void => {
    if (audit === undefined || (audit.mode === "refusals" && call.reason === "Allowed")) return;
    audit.stream.append(createAuditLine(exchange, call, { id: idOf(exchange, call.item), nowMs: wallNow() }));
  };
  return {
    watch: (exchange) => startWatch(exchange, parts),
    record: (exchange, call) => {
      write(exchange, call);
      exchange.watched?.span?.end(call, exchange.watched.answer);
    },
  };
}

/** Keeps of the answer what audit or traces need of it, and starts the spans. */
function startWatch(exchange: Decided, { audit, tracer }: TelemetryParts): Decided {
  const limitBytes = Math.max(
    audit === undefined ? 0 : answerLimits[exchange.policy.compiled.audit.results],
    tracer === undefined ? 0 : answerLimits.Trace,
  );
  const span = tracer?.start(exchange);
  if (limitBytes === 0 && span === undefined) return exchange;
  const kept = limitBytes === 0 ? undefined : keepAnswer(exchange.client, limitBytes);
  return {
    ...exchange,
    ...(kept === undefined ? {} : { client: kept.client }),
    watched: { ...(span === undefined ? {} : { span }), ...(kept === undefined ? {} : { answer: kept.answer }) },
  };
}
