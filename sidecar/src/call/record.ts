/**
 * What stays of a call: counters, a histogram and one audit line, never arguments or results. Last stage.
 * Metrics are kept and written by hand: one look-up per call, no library. Names and buckets follow the Prometheus conventions.
 */
import { reasonList, reasons, toMetricLabel, type Reason } from "@outrigger/api/reasons";
import { findMethod } from "@outrigger/mcp";
import type { DenialReason } from "@outrigger/policy";
import type { Logger } from "@outrigger/runtime/logger";

/** One finished exchange. `name`: tool, prompt or URI as the caller spelt it. */
export interface CallRecord {
  readonly method: string;
  readonly name?: string;
  readonly isTool: boolean;
  readonly reason: Reason;
  readonly caller: string;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly httpStatus: number;
}

/** Which lines the audit log gets. */
export type AuditMode = "all" | "refusals" | "off";

export interface Recorder {
  readonly record: (call: CallRecord) => void;
  /** Prometheus text exposition of everything recorded. */
  readonly expose: () => string;
}

/** Upper bounds in seconds (OpenTelemetry semantic conventions for MCP, operation duration). */
const bucketsSeconds = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120] as const;

interface Series {
  readonly labels: string;
  count: number;
  sumSeconds: number;
  readonly buckets: Float64Array;
}

/** Creates the recorder. `isKnownTool`: only names of the catalogue become labels; the rest is `_other`. */
export function createRecorder(options: {
  readonly server: string;
  readonly audit: AuditMode;
  readonly logger: Logger;
  readonly isKnownTool: (name: string) => boolean;
}): Recorder {
  const series = new Map<string, Series>();
  const refusals = new Map<Reason, number>(refusalReasons.map((reason) => [reason, 0]));
  const audit = options.logger.child({ kind: "audit" });
  return {
    record: (call) => {
      const tool = toolLabel(call, options.isKnownTool);
      observe(
        series,
        { method: methodLabel(call.method), tool, result: resultLabels.get(call.reason) ?? "" },
        call.durationMs,
      );
      if (call.reason !== "Allowed") refusals.set(call.reason, (refusals.get(call.reason) ?? 0) + 1);
      if (options.audit === "off" || (options.audit === "refusals" && call.reason === "Allowed")) return;
      const { isTool, durationMs, ...fields } = call;
      audit.info(
        {
          ...fields,
          server: options.server,
          tool: isTool ? tool : undefined,
          durationMs: Math.round(durationMs * 1000) / 1000,
        },
        "decision",
      );
    },
    expose: () => [...exposeCalls(series), ...exposeRefusals(refusals)].join("\n") + "\n",
  };
}

/** Made once: a call looks its label up. */
const resultLabels = new Map(reasonList.map((reason) => [reason, toMetricLabel(reason)]));

/** Without a policy everything is refused; what else is said of policy refuses no request. */
const policyRefusals: ReadonlySet<Reason> = new Set<DenialReason>(["PolicyMissing", "PolicyInvalid"]);
const isRefusal = (reason: Reason): boolean => reasons[reason].area === "decision" && reason !== "Allowed";
const refusalReasons = reasonList.filter((reason) => isRefusal(reason) || policyRefusals.has(reason));

function toolLabel(call: CallRecord, isKnownTool: (name: string) => boolean): string {
  if (!call.isTool || call.name === undefined) return "";
  return isKnownTool(call.name) ? call.name : "_other";
}

/** What an exchange is called that has no method of MCP. */
const withoutMethod: ReadonlySet<string> = new Set(["GET", "DELETE", "response", "unread"]);

/** Methods come from callers: only those that MCP knows become labels. */
function methodLabel(method: string): string {
  return findMethod(method) !== undefined || withoutMethod.has(method) ? method : "_other";
}

const maxSeries = 5_000;

function observe(
  series: Map<string, Series>,
  labels: { method: string; tool: string; result: string },
  durationMs: number,
): void {
  const key = `${labels.method}\u0000${labels.tool}\u0000${labels.result}`;
  let entry = series.get(key);
  if (entry === undefined) {
    if (series.size >= maxSeries) return;
    const text = `method="${labels.method}",tool="${escapeLabel(labels.tool)}",result="${labels.result}"`;
    entry = { labels: text, count: 0, sumSeconds: 0, buckets: new Float64Array(bucketsSeconds.length) };
    series.set(key, entry);
  }
  const seconds = durationMs / 1_000;
  entry.count++;
  entry.sumSeconds += seconds;
  const bucket = bucketsSeconds.findIndex((bound) => seconds <= bound);
  if (bucket >= 0) entry.buckets[bucket] = (entry.buckets[bucket] ?? 0) + 1;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function* exposeCalls(series: ReadonlyMap<string, Series>): Generator<string> {
  yield "# HELP outrigger_sidecar_requests_total Requests by method, tool and result.";
  yield "# TYPE outrigger_sidecar_requests_total counter";
  for (const { labels, count } of series.values()) yield `outrigger_sidecar_requests_total{${labels}} ${count}`;
  yield "# HELP outrigger_sidecar_request_duration_seconds Time from the request's head to the end of the answer.";
  yield "# TYPE outrigger_sidecar_request_duration_seconds histogram";
  for (const entry of series.values()) yield* exposeHistogram(entry);
}

function* exposeHistogram(entry: Series): Generator<string> {
  const name = "outrigger_sidecar_request_duration_seconds";
  let cumulative = 0;
  for (const [at, bound] of bucketsSeconds.entries()) {
    cumulative += entry.buckets[at] ?? 0;
    yield `${name}_bucket{${entry.labels},le="${bound}"} ${cumulative}`;
  }
  yield `${name}_bucket{${entry.labels},le="+Inf"} ${entry.count}`;
  yield `${name}_sum{${entry.labels}} ${entry.sumSeconds}`;
  yield `${name}_count{${entry.labels}} ${entry.count}`;
}

function* exposeRefusals(refusals: ReadonlyMap<Reason, number>): Generator<string> {
  yield "# HELP outrigger_sidecar_refused_total Requests that were not answered by the server, by reason.";
  yield "# TYPE outrigger_sidecar_refused_total counter";
  for (const [reason, count] of refusals)
    yield `outrigger_sidecar_refused_total{reason="${toMetricLabel(reason)}"} ${count}`;
}
