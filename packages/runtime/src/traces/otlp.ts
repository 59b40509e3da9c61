/**
 * Spans by the OpenTelemetry SDK, exported by OTLP over HTTP. Loaded by import() only where an endpoint is set, so that nobody else
 * pays for the SDK. The queue is bounded and an export that fails is counted: calls never notice.
 */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
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
import type { OpenSpan, Origin, SpanAttributes, SpanCounts, SpanExport, SpanStart } from "./spans.ts";
import type { Sampling, TraceSettings } from "./trace-settings.ts";

/** Who exports. `resource` describes the process; what `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say wins over it. */
export interface ExportOptions {
  readonly settings: TraceSettings;
  /** Name of the instrumentation, such as `outrigger-sidecar`. */
  readonly scope: string;
  readonly version: string;
  readonly resource: SpanAttributes;
}

/** Creates the export. The exporter reads its variables (`OTEL_EXPORTER_OTLP_*`) by itself. */
export function createSpanExport({ settings, scope, version, resource }: ExportOptions): SpanExport {
  const watched = watchExporter(new OTLPTraceExporter());
  const provider = new TracerProvider({
    sampler: createSampler(settings.sampling),
    resource: resourceFromAttributes({ ...resource }).merge(
      detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }),
    ),
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
  const line: Line = { tracer: provider.getTracer(scope, version), countEnd: watched.countEnd };
  return {
    start: (start, { parent, linked }) => {
      const within = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(parent));
      const links: Link[] = linked === undefined ? [] : [{ context: contextOf(linked) }];
      return openSpan(start, { line, within, links });
    },
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

interface Line {
  readonly tracer: Tracer;
  readonly countEnd: () => void;
}

interface Place {
  readonly line: Line;
  readonly within: Context;
  readonly links: Link[];
}

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

function openSpan({ name, kind, attributes, startMs }: SpanStart, { line, within, links }: Place): OpenSpan {
  const options: SpanOptions = { kind: kinds[kind], links, startTime: startMs, attributes: { ...attributes } };
  const span = line.tracer.startSpan(name, options, within);
  return {
    context: originOf(span),
    open: (start) => openSpan(start, { line, within: trace.setSpan(ROOT_CONTEXT, span), links: [] }),
    describe: (told) => {
      span.updateName(told.name);
      span.setAttributes({ ...told.attributes });
    },
    fail: (told) => {
      span.setAttributes({ ...told });
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    end: (atMs) => {
      span.end(atMs);
      if (span.isRecording() || (span.spanContext().traceFlags & 1) !== 0) line.countEnd();
    },
  };
}

function originOf(span: Span): Origin {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  return { traceId, spanId, flags: traceFlags, state: traceState?.serialize() };
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
