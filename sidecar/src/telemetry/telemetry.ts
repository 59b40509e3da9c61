/**
 * What the sidecar tells of its calls beside metrics: the audit stream and the export of traces, opened, shown and closed as one.
 * The SDK of traces is loaded here, and only where traces are exported.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { HealthReport } from "@outrigger/runtime/health";
import { auditFormat } from "@outrigger/runtime/audit-chain";
import type { Logger } from "@outrigger/runtime/logger";
import type { CallTelemetry } from "../call/exchange.ts";
import type { SidecarOptions } from "../options.ts";
import { version } from "../version.ts";
import { createStdoutSink, openFileSink, type AuditSink } from "./audit/audit-sink.ts";
import { createAuditStream, type AuditStream } from "./audit/audit-stream.ts";
import { createCallTelemetry } from "./call-telemetry.ts";
import { counter, gauge } from "./exposition.ts";
import type { TraceExport } from "./traces/call-tracer.ts";
import type { createOtlpTracer } from "./traces/otlp-tracer.ts";

/** Opened telemetry. */
export interface Telemetry {
  /** Undefined where calls tell nobody. */
  readonly calls: CallTelemetry | undefined;
  /** Its own metrics, as Prometheus text. */
  readonly expose: () => string;
  /** Lines for `/readyz?verbose`; none of them makes the sidecar unready. */
  readonly details: () => HealthReport["checks"];
  /** Writes and exports what is left, each for a bounded time. */
  readonly close: () => Promise<void>;
}

/** Makes the telemetry of a sidecar. `isKnownTool`: the catalogue's word. */
export type CreateTelemetry = (isKnownTool: (name: string) => boolean) => Telemetry;

type Opened =
  | { readonly ok: true; readonly create: CreateTelemetry }
  | { readonly ok: false; readonly problems: readonly string[] };

/** How much waits to be written at most, and how long it is tried at the end. */
const limits = { pendingBytes: 4 * 1024 ** 2, gatherMs: 20, retryMs: 1_000, closeMs: 3_000 } as const;

/** Opens what the options ask for. Errors: an audit file that can't be opened. Traces that can't be exported are no reason to stop. */
export async function openTelemetry(options: SidecarOptions, logger: Logger): Promise<Opened> {
  const sink = await openSink(options);
  if (!sink.ok) return sink;
  const loaded = options.traces === undefined ? undefined : await import("./traces/otlp-tracer.ts");
  return { ok: true, create: (isKnownTool) => create({ options, logger, sink: sink.sink, loaded, isKnownTool }) };
}

type OpenedSink =
  | { readonly ok: true; readonly sink: AuditSink | undefined }
  | { readonly ok: false; readonly problems: readonly string[] };

async function openSink({ audit, auditTo }: SidecarOptions): Promise<OpenedSink> {
  if (audit === "off") return { ok: true, sink: undefined };
  if (auditTo === "stdout") return { ok: true, sink: createStdoutSink(1) };
  try {
    return { ok: true, sink: await openFileSink(auditTo, () => performance.now()) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [`--audit-to: can't write ${auditTo}: ${why}`] };
  }
}

interface Parts {
  readonly options: SidecarOptions;
  readonly logger: Logger;
  readonly sink: AuditSink | undefined;
  readonly loaded: { readonly createOtlpTracer: typeof createOtlpTracer } | undefined;
  readonly isKnownTool: (name: string) => boolean;
}

function create(parts: Parts): Telemetry {
  const { options } = parts;
  const chainId = randomBytes(8).toString("hex");
  const stream = startAudit(parts, chainId);
  const tracer = startTraces(parts);
  const calls = createCallTelemetry({
    ...(stream === undefined || options.audit === "off" ? {} : { audit: { stream, mode: options.audit } }),
    ...(tracer === undefined ? {} : { tracer }),
    idPrefix: chainId,
    wallNow: () => Date.now(),
  });
  return {
    calls,
    expose: () => `${exposeAudit(stream)}${exposeTraces(tracer)}`,
    details: () => [...tellAudit(stream), ...tellTraces(tracer)],
    close: async () => {
      await tracer?.close(limits.closeMs);
      await stream?.close(limits.closeMs);
    },
  };
}

function startAudit({ options, logger, sink }: Parts, chainId: string): AuditStream | undefined {
  if (sink === undefined) return undefined;
  return createAuditStream({
    sink,
    chainId,
    start: {
      format: auditFormat,
      component: "sidecar",
      version,
      server: options.server,
      pod: hostname(),
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
      lines: options.audit,
      policy: options.policy.current().hash,
    },
    logger,
    wallNow: () => Date.now(),
    maxPendingBytes: limits.pendingBytes,
    gatherMs: limits.gatherMs,
    retryMs: limits.retryMs,
  });
}

function startTraces({ options, logger, loaded, isKnownTool }: Parts): TraceExport | undefined {
  if (loaded === undefined || options.traces === undefined) return undefined;
  const { problems } = options.traces;
  if (problems.length > 0) logger.warn({ problems }, "settings of traces that can't be used");
  return loaded.createOtlpTracer({
    settings: options.traces,
    server: options.server,
    namespace: options.namespace,
    version,
    transport: options.upstream.form === "http" ? "tcp" : "pipe",
    isKnownTool,
    now: () => performance.now(),
    originMs: performance.timeOrigin,
  });
}

function exposeAudit(stream: AuditStream | undefined): string {
  if (stream === undefined) return "";
  const { lines, lost, failure } = stream.status();
  return [
    counter("sidecar_audit_lines_total", "Lines of the audit stream, written or waiting to be.", [["", lines]]),
    counter("sidecar_audit_lost_total", "Decisions without an audit line, because none could be written.", [
      ["", lost],
    ]),
    gauge("sidecar_audit_failing", "1 while audit lines can't be written.", [["", failure === undefined ? 0 : 1]]),
  ].join("");
}

function exposeTraces(tracer: TraceExport | undefined): string {
  if (tracer === undefined) return "";
  const { ended, exported, failed } = tracer.counts();
  return counter("sidecar_spans_total", "Sampled spans: all that ended, those exported, those whose export failed.", [
    ['state="ended"', ended],
    ['state="exported"', exported],
    ['state="failed"', failed],
  ]);
}

function tellAudit(stream: AuditStream | undefined): HealthReport["checks"] {
  if (stream === undefined) return [{ name: "audit", ok: true, message: "off" }];
  const { failure, head, lost } = stream.status();
  const message =
    failure === undefined ? `line ${head.seq}, hash ${head.hash}, ${lost} lost` : `can't be written: ${failure}`;
  return [{ name: "audit", ok: failure === undefined, message }];
}

function tellTraces(tracer: TraceExport | undefined): HealthReport["checks"] {
  if (tracer === undefined) return [{ name: "traces", ok: true, message: "off" }];
  const failure = tracer.failure();
  return [{ name: "traces", ok: failure === undefined, message: failure ?? "exported by OTLP" }];
}
