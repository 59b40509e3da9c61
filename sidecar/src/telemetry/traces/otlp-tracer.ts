/**
 * Spans of calls by the OpenTelemetry SDK, exported by OTLP over HTTP. Loaded by import() only where an endpoint is set, so that
 * nobody else pays for the SDK. The queue is bounded and an export that fails is counted: calls never notice.
 */
import { hostname } from "node:os";
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type Tracer,
  type TraceState,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from "@opentelemetry/sdk-trace";
import { formatTraceParent } from "@outrigger/runtime/trace-context";
import { toMetricLabel } from "@outrigger/api/reasons";
import type { CallSpan, Decided, KeptAnswer } from "../../call/exchange.ts";
import type { CallRecord } from "../../call/record.ts";
import type { SpanCounts, TraceExport } from "./call-tracer.ts";
import { describeSpan } from "./describe-span.ts";
import { readOutcome } from "./read-outcome.ts";
import { findOrigins, type Origin } from "./trace-parents.ts";
import type { Sampling, TraceSettings } from "./trace-settings.ts";

/** What the tracer is made with. */
export interface TracerOptions {
  readonly settings: TraceSettings;
  readonly server: string;
  readonly namespace: string | undefined;
  readonly version: string;
  /** How the server is reached: `pipe` for a stdio server. */
  readonly transport: "tcp" | "pipe";
  readonly isKnownTool: (name: string) => boolean;
  /** The clock of calls, ms. */
  readonly now: () => number;
  /** What the clock of calls showed 0 at, ms since the epoch. */
  readonly originMs: number;
}

/** Creates the tracer. The exporter reads its variables (`OTEL_EXPORTER_OTLP_*`) by itself. */
export function createOtlpTracer(options: TracerOptions): TraceExport {
  const { settings } = options;
  const watched = watchExporter(new OTLPTraceExporter());
  const provider = new TracerProvider({
    sampler: createSampler(settings.sampling),
    resource: describeProcess(options),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: watched.exporter,
        maxQueueSize: settings.maxQueueSize,
        maxExportBatchSize: settings.maxBatchSize,
        scheduledDelayMillis: settings.scheduledDelayMs,
        exportTimeoutMillis: settings.exportTimeoutMs,
      }),
    ],
  });
  const tracer = provider.getTracer("outrigger-sidecar", options.version);
  return {
    start: (exchange) => (exchange.form === "none" ? undefined : startSpans(exchange, { ...options, tracer, watched })),
    counts: watched.counts,
    failure: watched.failure,
    close: async (limitMs) => {
      const late = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => late.resolve(undefined), limitMs);
      // What can't be exported any more is told by the counts; there is nobody left to act on it.
      await Promise.race([provider.shutdown().catch(() => undefined), late.promise]);
      clearTimeout(timer);
    },
  };
}

function createSampler({ root, isParentBased, ratio }: Sampling): Sampler {
  const samplers = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  };
  const sampler = samplers[root]();
  return isParentBased ? new ParentBasedSampler({ root: sampler }) : sampler;
}

/** What `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say wins. */
function describeProcess({ server, namespace, version }: TracerOptions): ReturnType<typeof resourceFromAttributes> {
  return resourceFromAttributes({
    "service.name": "outrigger-sidecar",
    "service.version": version,
    "service.instance.id": `${hostname()}/${server}`,
    "outrigger.server": server,
    ...(namespace === undefined ? {} : { "k8s.namespace.name": namespace, "k8s.pod.name": hostname() }),
  }).merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }));
}

interface WatchedExporter {
  readonly exporter: SpanExporter;
  readonly countEnd: () => void;
  readonly counts: () => SpanCounts;
  readonly failure: () => string | undefined;
}

/** Counts what comes of each export. */
function watchExporter(inner: SpanExporter): WatchedExporter {
  const counts = { ended: 0, exported: 0, failed: 0 };
  let failure: string | undefined;
  return {
    exporter: {
      export: (spans, done) => {
        inner.export(spans, (result) => {
          const code: number = result.code;
          failure = result.error?.message ?? (code === 0 ? undefined : "the export failed");
          counts[failure === undefined ? "exported" : "failed"] += spans.length;
          done(result);
        });
      },
      shutdown: () => inner.shutdown(),
    },
    countEnd: () => {
      counts.ended++;
    },
    counts: () => ({ ...counts }),
    failure: () => failure,
  };
}

type Running = TracerOptions & { readonly tracer: Tracer; readonly watched: WatchedExporter };

/** A span as the server of who called, and within it one as the client of the server behind. */
function startSpans(exchange: Decided, options: Running): CallSpan {
  const { name, attributes } = describeSpan(exchange, options.isKnownTool);
  const origins = findOrigins(exchange);
  const parent =
    origins.parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(origins.parent));
  const links: Link[] = origins.linked === undefined ? [] : [{ context: contextOf(origins.linked) }];
  const serverSide = options.tracer.startSpan(
    name,
    {
      kind: SpanKind.SERVER,
      links,
      startTime: options.originMs + exchange.received.startedMs,
      attributes: { ...attributes, "network.transport": "tcp" },
    },
    parent,
  );
  const within = trace.setSpan(ROOT_CONTEXT, serverSide);
  const clientSide = exchange.allowed.length === 0 ? undefined : startClientSpan({ name, attributes, within }, options);
  return finishTogether(exchange, { serverSide, clientSide }, options);
}

function startClientSpan(
  what: {
    readonly name: string;
    readonly attributes: Record<string, string | number | boolean>;
    readonly within: Context;
  },
  { tracer, transport, originMs, now }: Running,
): Span {
  const attributes = { ...what.attributes, "network.transport": transport };
  return tracer.startSpan(what.name, { kind: SpanKind.CLIENT, startTime: originMs + now(), attributes }, what.within);
}

interface Spans {
  readonly serverSide: Span;
  readonly clientSide: Span | undefined;
}

function finishTogether(exchange: Decided, spans: Spans, options: Running): CallSpan {
  const passedOn = (spans.clientSide ?? spans.serverSide).spanContext();
  let left = exchange.allowed.length + exchange.refused.length;
  return {
    traceId: passedOn.traceId,
    headers: (forward) => replaceContext(forward, passedOn),
    end: (call, answer) => {
      tellReason(spans, call);
      left--;
      if (left > 0) return;
      const all = spans.clientSide === undefined ? [spans.serverSide] : [spans.clientSide, spans.serverSide];
      for (const span of all) {
        if (answer !== undefined) tellOutcome(span, answer);
        span.end(options.originMs + options.now());
        if (span.isRecording() || (span.spanContext().traceFlags & 1) !== 0) options.watched.countEnd();
      }
    },
  };
}

function tellReason({ serverSide }: Spans, call: CallRecord): void {
  if (call.reason === "Allowed") return;
  serverSide.setAttributes({ "outrigger.reason": call.reason, "error.type": toMetricLabel(call.reason) });
  serverSide.setStatus({ code: SpanStatusCode.ERROR });
}

function tellOutcome(span: Span, answer: KeptAnswer): void {
  const { errorType, statusCode } = readOutcome(answer);
  if (errorType === undefined) return;
  span.setAttribute("error.type", errorType);
  if (statusCode !== undefined) span.setAttribute("rpc.response.status_code", statusCode);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function contextOf(origin: Origin): SpanContext {
  return {
    traceId: origin.traceId,
    spanId: origin.spanId,
    traceFlags: origin.flags & 1,
    isRemote: true,
    ...(origin.state === undefined ? {} : { traceState: keepState(origin.state) }),
  };
}

/** The state of other vendors is handed on as it came; we have none of our own. */
function keepState(text: string): TraceState {
  const state: TraceState = { get: () => undefined, set: () => state, unset: () => state, serialize: () => text };
  return state;
}

const contextHeaders: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);

/** The header alone is ours to change: the message's bytes are not. */
function replaceContext(forward: readonly string[], context: SpanContext): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < forward.length; at += 2) {
    if (!contextHeaders.has(forward[at] ?? "")) kept.push(forward[at] ?? "", forward[at + 1] ?? "");
  }
  const { traceId, spanId, traceFlags, traceState } = context;
  kept.push("traceparent", formatTraceParent({ traceId, spanId, flags: traceFlags }));
  const state = traceState?.serialize() ?? "";
  if (state !== "") kept.push("tracestate", state);
  return kept;
}
