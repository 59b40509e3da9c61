/**
 * What the sidecar tells of its calls beside metrics: the audit stream and the export of traces, opened, shown and closed as one.
 * The SDK of traces is loaded here, and only where traces are exported.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { openAuditSink, startAudit, tellAudit, type AuditSink, type AuditStream } from "@outrigger/runtime/audit";
import type { HealthReport } from "@outrigger/runtime/health";
import type { Logger } from "@outrigger/runtime/logger";
import type { createSpanExport } from "@outrigger/runtime/otlp";
import type { SpanExport } from "@outrigger/runtime/spans";
import type { CallTelemetry } from "../call/exchange.ts";
import type { SidecarOptions } from "../options.ts";
import { version } from "../version.ts";
import { createCallTelemetry } from "./call-telemetry.ts";
import { counter, gauge } from "./exposition.ts";
import { createCallTracer } from "./traces/call-tracer.ts";

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

/** How long it is tried at the end to write and export what is left. */
const closeMs = 3_000;

/** Opens what the options ask for. Errors: an audit file that can't be opened. Traces that can't be exported are no reason to stop. */
export async function openTelemetry(options: SidecarOptions, logger: Logger): Promise<Opened> {
  const sink = await openAuditSink(options);
  if (!sink.ok) return sink;
  const loaded = options.traces === undefined ? undefined : await import("@outrigger/runtime/otlp");
  return { ok: true, create: (isKnownTool) => create({ options, logger, sink: sink.sink, loaded, isKnownTool }) };
}

interface Parts {
  readonly options: SidecarOptions;
  readonly logger: Logger;
  readonly sink: AuditSink | undefined;
  readonly loaded: { readonly createSpanExport: typeof createSpanExport } | undefined;
  readonly isKnownTool: (name: string) => boolean;
}

function create(parts: Parts): Telemetry {
  const { options, isKnownTool } = parts;
  const chainId = randomBytes(8).toString("hex");
  const stream = startStream(parts, chainId);
  const spans = startExport(parts);
  const transport = options.upstream.form === "http" ? "tcp" : "pipe";
  const [now, originMs] = [(): number => performance.now(), performance.timeOrigin];
  const tracer =
    spans === undefined ? {} : { tracer: createCallTracer({ spans, transport, isKnownTool, now, originMs }) };
  const calls = createCallTelemetry({
    ...(stream === undefined || options.audit === "off" ? {} : { audit: { stream, mode: options.audit } }),
    ...tracer,
    idPrefix: chainId,
    wallNow: () => Date.now(),
  });
  return {
    calls,
    expose: () => `${exposeAudit(stream)}${exposeTraces(spans)}`,
    details: () => [...tellAudit(stream), ...tellTraces(spans)],
    close: async () => {
      await spans?.close(closeMs);
      await stream?.close(closeMs);
    },
  };
}

function startStream({ options, logger, sink }: Parts, chainId: string): AuditStream | undefined {
  const { server, namespace, policy, audit } = options;
  const about = { server, ...(namespace === undefined ? {} : { namespace }), policy: policy.current().hash };
  return startAudit(sink, { component: "sidecar", version, mode: audit, chainId, about, logger });
}

function startExport({ options, logger, loaded }: Parts): SpanExport | undefined {
  const { traces: settings, server, namespace } = options;
  if (loaded === undefined || settings === undefined) return undefined;
  const { problems } = settings;
  if (problems.length > 0) logger.warn({ problems }, "settings of traces that can't be used");
  const resource = {
    "service.name": "outrigger-sidecar",
    "service.version": version,
    "service.instance.id": `${hostname()}/${server}`,
    "outrigger.server": server,
    ...(namespace === undefined ? {} : { "k8s.namespace.name": namespace, "k8s.pod.name": hostname() }),
  };
  return loaded.createSpanExport({ settings, scope: "outrigger-sidecar", version, resource });
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

function exposeTraces(spans: SpanExport | undefined): string {
  if (spans === undefined) return "";
  const { ended, exported, failed } = spans.counts();
  return counter("sidecar_spans_total", "Sampled spans: all that ended, those exported, those whose export failed.", [
    ['state="ended"', ended],
    ['state="exported"', exported],
    ['state="failed"', failed],
  ]);
}

function tellTraces(spans: SpanExport | undefined): HealthReport["checks"] {
  if (spans === undefined) return [{ name: "traces", ok: true, message: "off" }];
  const failure = spans.failure();
  return [{ name: "traces", ok: failure === undefined, message: failure ?? "exported by OTLP" }];
}
