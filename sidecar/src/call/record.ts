/**
 * What stays of a call in metrics: counters and a histogram. Last stage; audit lines and traces are in telemetry/.
 * Metrics are kept and written by hand: one look-up per call, no library. Names and buckets follow the Prometheus conventions.
 */
import { reasonList, reasons, toMetricLabel, type Reason } from "@outrigger/api/reasons";
import { findMethod } from "@outrigger/mcp";
import type { DenialReason } from "@outrigger/policy";
import type { Item } from "./message.ts";

/** One finished exchange. `name`: tool, prompt or URI as the caller spelt it. */
export interface CallRecord {
  readonly method: string;
  readonly name?: string;
  readonly isTool: boolean;
  /** Whether it was forwarded; `reason` says what became of it. */
  readonly decision: "allow" | "deny";
  readonly reason: Reason;
  /** The message, where it could be read. */
  readonly item?: Item;
  readonly caller: string;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly httpStatus: number;
}

export interface Recorder {
  readonly record: (call: CallRecord) => void;
  /** Prometheus text exposition of everything recorded. */
  readonly expose: () => string;
}

/** Upper bounds in seconds: those of `mcp.server.operation.duration`, which begin at 0.01, and two below for what we answer ourselves. */
const bucketsSeconds = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;

/** The first of them that the semantic conventions have, too. */
const firstConventional = bucketsSeconds.indexOf(0.01);

interface Series {
  readonly labels: string;
  /** Labels by the semantic conventions; undefined for what is no method of MCP. */
  readonly conventional: string | undefined;
  count: number;
  sumSeconds: number;
  readonly buckets: Float64Array;
}

/** Creates the recorder. `isKnownTool`: only names of the catalogue become labels; the rest is `_other`. */
export function createRecorder(options: { readonly isKnownTool: (name: string) => boolean }): Recorder {
  const series = new Map<string, Series>();
  const refusals = new Map<Reason, number>(refusalReasons.map((reason) => [reason, 0]));
  return {
    record: (call) => {
      const tool = toolLabel(call, options.isKnownTool);
      observe(
        series,
        { method: methodLabel(call.method), tool, result: resultLabels.get(call.reason) ?? "" },
        call.durationMs,
      );
      if (call.reason !== "Allowed") refusals.set(call.reason, (refusals.get(call.reason) ?? 0) + 1);
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
    const buckets = new Float64Array(bucketsSeconds.length);
    entry = { labels: text, conventional: describeByConvention(labels), count: 0, sumSeconds: 0, buckets };
    series.set(key, entry);
  }
  const seconds = durationMs / 1_000;
  entry.count++;
  entry.sumSeconds += seconds;
  const bucket = bucketsSeconds.findIndex((bound) => seconds <= bound);
  if (bucket >= 0) entry.buckets[bucket] = (entry.buckets[bucket] ?? 0) + 1;
}

/** `error_type` is a reason of ours: what a server answers is not read for metrics. */
function describeByConvention(labels: { method: string; tool: string; result: string }): string | undefined {
  if (withoutMethod.has(labels.method)) return undefined;
  const error = labels.result === "allowed" ? "" : labels.result;
  return `mcp_method_name="${labels.method}",gen_ai_tool_name="${escapeLabel(labels.tool)}",error_type="${error}"`;
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
  const name = "outrigger_sidecar_request_duration_seconds";
  for (const entry of series.values()) yield* exposeHistogram(entry, { name, labels: entry.labels, from: 0 });
  const conventional = "mcp_server_operation_duration_seconds";
  yield `# HELP ${conventional} The same, named by the OpenTelemetry conventions for MCP: mcp.server.operation.duration.`;
  yield `# TYPE ${conventional} histogram`;
  for (const entry of series.values()) {
    if (entry.conventional === undefined) continue;
    yield* exposeHistogram(entry, { name: conventional, labels: entry.conventional, from: firstConventional });
  }
}

/** `from`: the first bucket that is shown; those below are in it. */
function* exposeHistogram(
  entry: Series,
  { name, labels, from }: { readonly name: string; readonly labels: string; readonly from: number },
): Generator<string> {
  let cumulative = 0;
  for (const [at, bound] of bucketsSeconds.entries()) {
    cumulative += entry.buckets[at] ?? 0;
    if (at >= from) yield `${name}_bucket{${labels},le="${bound}"} ${cumulative}`;
  }
  yield `${name}_bucket{${labels},le="+Inf"} ${entry.count}`;
  yield `${name}_sum{${labels}} ${entry.sumSeconds}`;
  yield `${name}_count{${labels}} ${entry.count}`;
}

function* exposeRefusals(refusals: ReadonlyMap<Reason, number>): Generator<string> {
  yield "# HELP outrigger_sidecar_refused_total Requests that were not answered by the server, by reason.";
  yield "# TYPE outrigger_sidecar_refused_total counter";
  for (const [reason, count] of refusals)
    yield `outrigger_sidecar_refused_total{reason="${toMetricLabel(reason)}"} ${count}`;
}
