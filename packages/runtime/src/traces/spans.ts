/**
 * What programs say to have spans exported, and which trace an operation belongs to. Knows nothing of the SDK: the one export that there
 * is (`otlp.ts`) is loaded only where an endpoint is set.
 */
import { formatTraceParent, parseTraceParent, type TraceParent } from "./trace-context.ts";

/** Values by the names of the semantic conventions. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A place in a trace, with the `tracestate` that came beside it. */
export interface Origin extends TraceParent {
  readonly state: string | undefined;
}

/** Parent and link of an operation; undefined parent: a new trace. */
export interface TraceOrigins {
  readonly parent: Origin | undefined;
  readonly linked: Origin | undefined;
}

/** What a span is called and what is known at its start. `startMs`: ms since the epoch. */
export interface SpanStart {
  readonly name: string;
  readonly kind: "server" | "client";
  readonly attributes: SpanAttributes;
  readonly startMs: number;
}

/** A span that has not ended. */
export interface OpenSpan {
  /** What is handed on to who is called from it. */
  readonly context: Origin;
  /** Starts a span within this one. */
  readonly open: (start: SpanStart) => OpenSpan;
  /** Says better what it is, once that is known; attributes that are not named stay. */
  readonly describe: (told: Pick<SpanStart, "name" | "attributes">) => void;
  /** Says that it failed, and with these attributes how. */
  readonly fail: (attributes: SpanAttributes) => void;
  readonly end: (atMs: number) => void;
}

/** How the export does, in spans since the start of the process. What ended and is in none of the others waits, or was dropped. */
export interface SpanCounts {
  readonly ended: number;
  readonly exported: number;
  readonly failed: number;
}

/** Starts spans and exports those that ended. */
export interface SpanExport {
  readonly start: (start: SpanStart, origins: TraceOrigins) => OpenSpan;
  readonly counts: () => SpanCounts;
  /** The last failure of an export that was not followed by a success. */
  readonly failure: () => string | undefined;
  /** Exports what is left, for at most so many ms. */
  readonly close: (limitMs: number) => Promise<void>;
}

/** What a context may stand in, such as headers or `_meta`: `traceparent` and `tracestate` as they came, of any type. */
export type CarriedContext = Readonly<Record<string, unknown>>;

/**
 * Finds parent and link. What stands in the message (`params._meta.traceparent`) is the parent, because it comes from who made the
 * call, whatever lay between; the HTTP header's, if it is another, is linked. Source: MCP semantic conventions of OpenTelemetry; SEP-414.
 */
export function findOrigins(inBody: CarriedContext, inHeader: CarriedContext): TraceOrigins {
  const [body, header] = [readOrigin(inBody), readOrigin(inHeader)];
  if (body === undefined) return { parent: header, linked: undefined };
  const isSame = header?.traceId === body.traceId && header.spanId === body.spanId;
  return { parent: body, linked: isSame ? undefined : header };
}

function readOrigin(carried: CarriedContext): Origin | undefined {
  const traceparent = carried["traceparent"];
  const tracestate = carried["tracestate"];
  const read = parseTraceParent(typeof traceparent === "string" ? traceparent : undefined);
  return read === undefined ? undefined : { ...read, state: typeof tracestate === "string" ? tracestate : undefined };
}

/** The two texts that carry a context on, by their names in headers and in `_meta`. */
export function writeContext(context: Origin): { readonly traceparent: string; readonly tracestate?: string } {
  const { state } = context;
  return {
    traceparent: formatTraceParent(context),
    ...(state === undefined || state === "" ? {} : { tracestate: state }),
  };
}
