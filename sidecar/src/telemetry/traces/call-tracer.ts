/** What a call needs of tracing. The one that there is exports by OTLP and is loaded only where an endpoint is set. */
import type { CallSpan, Decided } from "../../call/exchange.ts";

/** Starts the spans of calls. */
export interface CallTracer {
  /** Undefined for what carries no message: streams that are opened, sessions that are ended. */
  readonly start: (exchange: Decided) => CallSpan | undefined;
}

/** How the export does, in spans since the start of the process. What ended and is in none of the others waits, or was dropped. */
export interface SpanCounts {
  readonly ended: number;
  readonly exported: number;
  readonly failed: number;
}

/** A tracer with its export. */
export interface TraceExport extends CallTracer {
  readonly counts: () => SpanCounts;
  /** The last failure of an export that was not followed by a success. */
  readonly failure: () => string | undefined;
  /** Exports what is left, for at most so many ms. */
  readonly close: (limitMs: number) => Promise<void>;
}
