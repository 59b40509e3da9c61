/**
 * What stays of a call in metrics: counters and a histogram. Last stage; audit lines and traces are in telemetry/.
 * Metrics are kept and written by hand: one look-up per call, no library. Names and buckets follow the Prometheus conventions.
 */
import { reasonList, reasons, toMetricLabel, type Reason } from "@outrigger/api/reasons";
import { findMethod } from "@outrigger/mcp";
import type { DenialReason } from "@outrigger/policy";
import { createHistogram, exposeHistogram, observe, type Histogram } from "../telemetry/histogram.ts";
import type { Item } from "./message.ts";

/** One finished exchange. `name`: tool, prompt or URI as the caller spelt it. */
export interface CallRecord {
  readonly method: string;
  readonly name?: string | undefined;
  readonly isTool: boolean;
  /** Whether it was forwarded; `reason` says what became of it. */
  readonly decision: "allow" | "deny";
  readonly reason: Reason;
  /** The message, where it could be read. */
  readonly item?: Item | undefined;
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
  readonly times: Histogram;
}

/** Creates the recorder. `isKnownTool`: only names of the catalogue become labels; the rest is `_other`. */
export function createRecorder(options: { readonly isKnownTool: (name: string) => boolean }): Recorder {
  const table: SeriesTable = { all: [], byMethod: new Map() };
  const refusals = new Map<Reason, number>(refusalReasons.map((reason) => [reason, 0]));
  return {
    record: (call) => {
      const method = methodLabel(call.method);
      const tool = toolLabel(call, options.isKnownTool);
      const entry = findSeries(table, { method, tool, reason: call.reason });
      if (entry !== undefined) observe(entry.times, call.durationMs / 1_000);
      if (call.reason !== "Allowed") refusals.set(call.reason, (refusals.get(call.reason) ?? 0) + 1);
    },
    expose: () => [...exposeCalls(table.all), ...exposeRefusals(refusals)].join("\n") + "\n",
  };
}

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

/** All series, and the way to each: by method, tool and reason. One look-up after the other costs less than a key for all three. */
interface SeriesTable {
  readonly all: Series[];
  readonly byMethod: Map<string, Map<string, Map<Reason, Series>>>;
}

interface SeriesLabels {
  readonly method: string;
  readonly tool: string;
  readonly reason: Reason;
}

/** The series of these labels; undefined where there are as many as there may be. */
function findSeries({ all, byMethod }: SeriesTable, labels: SeriesLabels): Series | undefined {
  const known = byMethod.get(labels.method)?.get(labels.tool)?.get(labels.reason);
  if (known !== undefined || all.length >= maxSeries) return known;
  const made = createSeries(labels);
  const byTool = byMethod.get(labels.method) ?? new Map<string, Map<Reason, Series>>();
  const byReason = byTool.get(labels.tool) ?? new Map<Reason, Series>();
  byMethod.set(labels.method, byTool.set(labels.tool, byReason.set(labels.reason, made)));
  all.push(made);
  return made;
}

function createSeries({ method, tool, reason }: SeriesLabels): Series {
  const result = toMetricLabel(reason);
  return {
    labels: `method="${method}",tool="${escapeLabel(tool)}",result="${result}"`,
    conventional: describeByConvention({ method, tool, result }),
    times: createHistogram(bucketsSeconds),
  };
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

function* exposeCalls(series: readonly Series[]): Generator<string> {
  yield "# HELP outrigger_sidecar_requests_total Requests by method, tool and result.";
  yield "# TYPE outrigger_sidecar_requests_total counter";
  for (const { labels, times } of series) yield `outrigger_sidecar_requests_total{${labels}} ${times.count}`;
  yield "# HELP outrigger_sidecar_request_duration_seconds Time from the request's head to the end of the answer.";
  yield "# TYPE outrigger_sidecar_request_duration_seconds histogram";
  const name = "outrigger_sidecar_request_duration_seconds";
  for (const entry of series) yield exposeHistogram(entry.times, { name, labels: entry.labels });
  const conventional = "mcp_server_operation_duration_seconds";
  yield `# HELP ${conventional} The same, named by the OpenTelemetry conventions for MCP: mcp.server.operation.duration.`;
  yield `# TYPE ${conventional} histogram`;
  for (const entry of series) {
    if (entry.conventional === undefined) continue;
    yield exposeHistogram(entry.times, { name: conventional, labels: entry.conventional, from: firstConventional });
  }
}

function* exposeRefusals(refusals: ReadonlyMap<Reason, number>): Generator<string> {
  yield "# HELP outrigger_sidecar_refused_total Requests that were not answered by the server, by reason.";
  yield "# TYPE outrigger_sidecar_refused_total counter";
  for (const [reason, count] of refusals)
    yield `outrigger_sidecar_refused_total{reason="${toMetricLabel(reason)}"} ${count}`;
}
