/**
 * What the aggregator tells of requests beside its own metrics: audit lines and traces, opened, shown and closed as one. The SDK of
 * traces is loaded here, and only where traces are exported.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { readRequestId, requestIdHeader } from "@outrigger/api/caller";
import type { Reason } from "@outrigger/api/reasons";
import { findMethod } from "@outrigger/mcp";
import { openAuditSink, startAudit, tellAudit, type AuditSink } from "@outrigger/runtime/audit";
import type { HealthReport } from "@outrigger/runtime/health";
import type { Logger } from "@outrigger/runtime/logger";
import { findOrigins, type SpanExport } from "@outrigger/runtime/spans";
import { checkNames, type AllowedNames } from "../endpoint/guard.ts";
import type { TelemetryCounts } from "../metrics.ts";
import type { AggregatorSettings } from "../settings.ts";
import { version } from "../version.ts";
import { createArrivals, type AnsweredArrival, type Arrivals } from "./arrivals.ts";
import { createRequestLine, type AuditLine } from "./audit-line.ts";
import { reasonOfStatus } from "./judge.ts";
import { createOperations, type OperationParts, type Operations } from "./operations.ts";

/** What was opened before the program started. */
export interface OpenedTelemetry {
  readonly sink: AuditSink | undefined;
  readonly spans: SpanExport | undefined;
}

/** Running telemetry. */
export interface Telemetry {
  readonly arrivals: Arrivals;
  readonly operations: Operations;
  readonly counts: () => TelemetryCounts;
  /** Lines for `/readyz`; none of them makes the program unready. */
  readonly details: () => HealthReport["checks"];
  /** Writes and exports what is left, each for a bounded time. */
  readonly close: () => Promise<void>;
}

/** How long it is tried at the end to write and export what is left. */
const closeMs = 3_000;

/** Opens what the settings ask for. Errors: an audit file that can't be opened. Traces that can't be exported are no reason to stop. */
export async function openTelemetry(
  settings: Pick<AggregatorSettings, "audit" | "auditTo" | "traces">,
  logger: Logger,
): Promise<
  { readonly ok: true; readonly opened: OpenedTelemetry } | { readonly ok: false; readonly problems: readonly string[] }
> {
  const sink = await openAuditSink(settings);
  if (!sink.ok) return sink;
  return { ok: true, opened: { sink: sink.sink, spans: await openSpans(settings, logger) } };
}

async function openSpans(
  { traces }: Pick<AggregatorSettings, "traces">,
  logger: Logger,
): Promise<SpanExport | undefined> {
  if (traces === undefined) return undefined;
  if (traces.problems.length > 0) logger.warn({ problems: traces.problems }, "settings of traces that can't be used");
  const { createSpanExport } = await import("@outrigger/runtime/otlp");
  const resource = {
    "service.name": "outrigger-aggregator",
    "service.version": version,
    "service.instance.id": hostname(),
  };
  return createSpanExport({ settings: traces, scope: "outrigger-aggregator", version, resource });
}

/** What telemetry is made from. */
export interface TelemetryParts extends Pick<OperationParts, "metrics" | "names"> {
  readonly opened: OpenedTelemetry;
  readonly settings: Pick<AggregatorSettings, "audit">;
  readonly allowed: AllowedNames;
  readonly logger: Logger;
}

/** Starts it: the first audit line is written. */
export function startTelemetry(parts: TelemetryParts): Telemetry {
  const { opened, settings, logger, metrics, names } = parts;
  const [mode, { sink, spans }] = [settings.audit, opened];
  const chainId = randomBytes(8).toString("hex");
  const stream = startAudit(sink, { component: "aggregator", version, mode, chainId, about: {}, logger });
  const write =
    stream === undefined
      ? undefined
      : (line: AuditLine, reason: Reason): void => {
          if (mode === "all" || reason !== "Allowed") stream.append(line);
        };
  const clock = { now: () => performance.now(), originMs: performance.timeOrigin };
  const arrivals = createArrivals({
    now: clock.now,
    onAnswered: (answered) => tellAnswered(answered, { ...clock, write, spans, allowed: parts.allowed }),
  });
  return {
    arrivals,
    operations: createOperations({
      ...clock,
      current: arrivals.current,
      write,
      spans,
      metrics,
      names,
      nextId: randomUUID,
    }),
    counts: () => ({ audit: stream?.status(), spans: spans?.counts() }),
    details: () => [...tellAudit(stream), ...tellTraces(spans)],
    close: async () => {
      await spans?.close(closeMs);
      await stream?.close(closeMs);
    },
  };
}

function tellTraces(spans: SpanExport | undefined): HealthReport["checks"] {
  if (spans === undefined) return [{ name: "traces", ok: true, message: "off" }];
  const failure = spans.failure();
  return [{ name: "traces", ok: failure === undefined, message: failure ?? "exported by OTLP" }];
}

interface Told extends Pick<OperationParts, "write" | "spans" | "now" | "originMs"> {
  readonly allowed: AllowedNames;
}

/** Of a request with messages each message was told of. */
function tellAnswered(answered: AnsweredArrival, told: Told): void {
  if (answered.arrival.messages > 0) return;
  tellRequestLine(answered, told);
  if (answered.route?.startsWith(restPrefix) === true) tellRestSpan(answered, answered.route, told);
}

const restPrefix = "/api/v1/";

function tellRequestLine({ arrival, route, status }: AnsweredArrival, { write, now, originMs, allowed }: Told): void {
  if (write === undefined) return;
  const { headers, startedMs } = arrival;
  const { host, origin } = headers;
  // A message of the older transport names its session in the query.
  const hasSession = headers["mcp-session-id"] !== undefined || route?.endsWith("/messages") === true;
  const guard = checkNames({ host, origin }, allowed);
  const reason = arrival.refusal ?? reasonOfStatus(status, { guard, hasSession });
  const told = {
    id: readRequestId(headers[requestIdHeader]) ?? randomUUID(),
    method: nameMethod(arrival, reason),
    reason,
    status,
    durationMs: now() - startedMs,
  };
  write(createRequestLine(arrival, told, originMs + now()), reason);
}

/** What a header says of a body that was not read, or was refused, is no more than a claim. */
function nameMethod({ method, headers }: AnsweredArrival["arrival"], reason: Reason): string {
  if (method !== "POST") return method;
  const claimed = headers["mcp-method"];
  return reason === "Allowed" && typeof claimed === "string" && findMethod(claimed) !== undefined ? claimed : "unread";
}

/** The read API is plain HTTP. Source: OpenTelemetry semantic conventions for HTTP, "Server". */
function tellRestSpan({ arrival, status }: AnsweredArrival, route: string, { spans, now, originMs }: Told): void {
  const span = spans?.start(
    {
      name: `${arrival.method} ${route}`,
      kind: "server",
      attributes: {
        "http.request.method": arrival.method,
        "http.route": route,
        "url.path": route,
        "url.scheme": "http",
        "http.response.status_code": status,
      },
      startMs: originMs + arrival.startedMs,
    },
    findOrigins({}, arrival.headers),
  );
  if (status >= 500) span?.fail({ "error.type": String(status) });
  span?.end(originMs + now());
}
