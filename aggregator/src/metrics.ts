/**
 * The aggregator's metrics, prefix `outrigger_aggregator_`:
 * `servers{state}`, `server_state{namespace,server,state}`, `server_tools{namespace,server}`,
 * `server_findings{namespace,server,reason}`, `ingested_servers{result}`,
 * `index_tools`, `index_update_seconds`, `find_tool_requests_total{result}`,
 * `find_tool_duration_seconds`, `find_tool_results`, `find_tool_low_confidence_total`, `find_tool_tokens_saved_total`,
 * `call_tool_requests_total{result}`, `call_retries_total{cause}`, `ejections_total`, `authentications_total{method,result}`,
 * `waking_calls`, `wakes_total{result}`, `wake_waits_total{result}`, `wake_duration_seconds`,
 * `forwarded_requests_total{result}`, `session_handles_refused_total{reason}`, `sessions_moved_total`, `replicas`,
 * `calls_in_flight`, `sessions`, `held_calls`, `discovery_faults`, `audit_lines_total`, `audit_lost_total`, `audit_failing`, `spans_total{state}`; and by
 * the conventions of OpenTelemetry `mcp_server_operation_duration_seconds` and `mcp_client_operation_duration_seconds`.
 * No query text and no caller is a label; names of servers are, two series for each and one for each finding, and of servers' tools those that the endpoint file names.
 */
import { findMethod, operationBuckets } from "@outrigger/mcp";
import type { WireReason } from "@outrigger/api/errors";
import { toMetricLabel } from "@outrigger/api/reasons";
import type { AuditStatus } from "@outrigger/runtime/audit";
import type { Metrics } from "@outrigger/runtime/metrics";
import type { SpanCounts } from "@outrigger/runtime/spans";
import { authMethods, type AuthMethod } from "./auth/verified.ts";
import type { ForwardOutcome } from "./replicas/forward.ts";
import type { HandleRefusal, ReplicaMetrics } from "./replicas/replicas.ts";
import type { RetryCause } from "./route/repeat.ts";
import type { SearchOutcome } from "./search/present.ts";
import type { ServerRecord } from "./rest/record.ts";
import type { Summary } from "./state/summary.ts";
import type { WakeMetrics } from "./wake/waker.ts";

/** How a search ended; `empty` found nothing, `refused` had wrong arguments. */
export type SearchResultLabel = "ok" | "empty" | "refused";

/** How a call ended: `tool_error` is a result that says so itself, `error` a JSON-RPC error, `unknown` no such tool. */
export type CallResultLabel = "ok" | "tool_error" | "error" | "unknown" | "cancelled";

/** One server, as its record has it. */
export type ServerFigures = Pick<ServerRecord, "namespace" | "name" | "state" | "toolsCount" | "notes">;

/** How audit lines and spans do; undefined where they are off. */
export interface TelemetryCounts {
  readonly audit: AuditStatus | undefined;
  readonly spans: SpanCounts | undefined;
}

/** What is under way now. */
export interface LoadFigures {
  readonly callsInFlight: number;
  /** Those of them that wait for a server to wake. */
  readonly wakingCalls: number;
  readonly sessions: number;
  /** Calls whose callers are asked something. */
  readonly heldCalls: number;
  /** Of the aggregator, this one included. */
  readonly replicas: number;
}

/** What an operation was and how it failed. */
export interface OperationLabels {
  readonly method: string;
  readonly errorType: string;
}

/** How a request fared at the door: `reason` of one that was refused. */
export type AuthenticationFigures =
  | { readonly ok: true; readonly method?: AuthMethod }
  | { readonly ok: false; readonly method?: AuthMethod; readonly reason: WireReason };

/** What the aggregator counts. */
export interface AggregatorMetrics extends WakeMetrics, ReplicaMetrics {
  readonly countSearch: (result: SearchResultLabel) => void;
  readonly observeSearch: (
    outcome: Pick<SearchOutcome, "tools" | "confidence" | "token_metrics">,
    seconds: number,
  ) => void;
  readonly countCall: (result: CallResultLabel) => void;
  /** A call went to another replica. */
  readonly countRetry: (cause: RetryCause) => void;
  /** Somebody was asked who it is, or let in without a question. */
  readonly countAuthentication: (authenticated: AuthenticationFigures) => void;
  /** A replica gets no calls for a while, because it lost too many. */
  readonly countEjection: () => void;
  readonly observeIndexUpdate: (seconds: number) => void;
  readonly showSummary: (summary: Summary) => void;
  /** Exactly these servers; those of before are forgotten. */
  readonly showServers: (servers: readonly ServerFigures[]) => void;
  /** `method` and `tool` as operations have them; `errorType` is empty for a success. */
  readonly observeOperation: (operation: OperationLabels & { readonly tool: string }, seconds: number) => void;
  /** The same of what was asked of a sidecar. */
  readonly observeRoutedCall: (operation: OperationLabels, seconds: number) => void;
  readonly showTelemetry: (counts: TelemetryCounts) => void;
  readonly showLoad: (load: LoadFigures) => void;
}

type LabelledGauge = (name: string, help: string, labelNames?: readonly string[]) => ReturnType<Metrics["gauge"]>;

/** Registers all metrics; label sets start at zero. */
export function createAggregatorMetrics(metrics: Metrics): AggregatorMetrics {
  // The registry reads label names of gauges as a third argument, which its type leaves out.
  const gauge: LabelledGauge = metrics.gauge;
  const servers = gauge("servers", "Servers by state.", ["state"]);
  const serverLabels = ["namespace", "server"];
  const serverStates = gauge("server_state", "1 for the state that a server is in.", [...serverLabels, "state"]);
  const serverTools = gauge("server_tools", "Tools of a server that are in the index.", serverLabels);
  const serverFindings = gauge("server_findings", "1 for what a person should know of a server's list.", [
    ...serverLabels,
    "reason",
  ]);
  const ingested = gauge("ingested_servers", "Servers by outcome of reading their catalogue.", ["result"]);
  const indexTools = gauge("index_tools", "Tools in the index.");
  const inFlight = gauge("calls_in_flight", "Calls of tools under way.");
  const waking = gauge("waking_calls", "Calls that wait for servers to wake.");
  const sessions = gauge("sessions", "Open sessions of legacy clients.");
  const held = gauge("held_calls", "Calls that are held open at legacy servers while modern clients are asked.");
  const replicas = gauge("replicas", "Replicas of the aggregator that take sessions over, this one included.");
  const faults = gauge("discovery_faults", "Places that can't be searched for servers now.");
  const indexUpdates = metrics.histogram("index_update_seconds", "Time to bring the index up to a change.", {
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  });
  const searches = metrics.counter("find_tool_requests_total", "Searches by outcome.", [
    { result: "ok" },
    { result: "empty" },
    { result: "refused" },
  ]);
  const searchTime = metrics.histogram("find_tool_duration_seconds", "Time of one search.", {
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
  });
  const results = metrics.histogram("find_tool_results", "Tools found by one search.", {
    buckets: [0, 1, 2, 4, 8, 16, 32, 50],
  });
  const lowConfidence = metrics.counter("find_tool_low_confidence_total", "Searches that found nothing convincing.");
  const saved = metrics.counter(
    "find_tool_tokens_saved_total",
    "Tokens of definitions that callers did not have to read.",
  );
  const calls = metrics.counter("call_tool_requests_total", "Calls of tools by outcome.", [
    { result: "ok" },
    { result: "tool_error" },
    { result: "error" },
    { result: "unknown" },
    { result: "cancelled" },
  ]);
  const retries = metrics.counter(
    "call_retries_total",
    "Calls that went to another replica, by what became of the attempt before.",
    (["unsent", "kept", "lost", "slow"] satisfies RetryCause[]).map((cause) => ({ cause })),
  );
  const ejections = metrics.counter("ejections_total", "Replicas that were ejected, because they lost calls.");
  const authentications = metrics.counter(
    "authentications_total",
    "Requests by the way in which their caller was identified, and by outcome; unknown where no way applies.",
    authMethods.map((method) => ({ method, result: "ok" })),
  );
  const operations = metrics.histogram(
    "mcp_server_operation_duration_seconds",
    "Time of an operation, named by the OpenTelemetry conventions for MCP: mcp.server.operation.duration.",
    {
      buckets: operationBuckets,
      labelNames: ["mcp_method_name", "gen_ai_tool_name", "error_type"],
      naming: "conventional",
    },
  );
  const routedCalls = metrics.histogram(
    "mcp_client_operation_duration_seconds",
    "Time of a call at the sidecar, named by the OpenTelemetry conventions for MCP: mcp.client.operation.duration.",
    { buckets: operationBuckets, labelNames: ["mcp_method_name", "error_type"], naming: "conventional" },
  );
  return {
    ...createTelemetryMetrics(metrics),
    ...createWakeMetrics(metrics),
    ...createReplicaMetrics(metrics),
    observeOperation: ({ method, tool, errorType }, seconds) => {
      const labels = { mcp_method_name: labelMethod(method), gen_ai_tool_name: tool, error_type: errorType };
      operations.observe(seconds, labels);
    },
    observeRoutedCall: ({ method, errorType }, seconds) => {
      routedCalls.observe(seconds, { mcp_method_name: method, error_type: errorType });
    },
    countSearch: (result) => searches.add({ result }),
    observeSearch: ({ tools, confidence, token_metrics: tokens }, seconds) => {
      searches.add({ result: tools.length === 0 ? "empty" : "ok" });
      searchTime.observe(seconds);
      results.observe(tools.length);
      if (confidence === "low") lowConfidence.add();
      saved.add({}, tokens.tokens_saved);
    },
    countCall: (result) => calls.add({ result }),
    countRetry: (cause) => retries.add({ cause }),
    countEjection: () => ejections.add(),
    countAuthentication: (told) => {
      authentications.add({ method: told.method ?? "unknown", result: told.ok ? "ok" : toMetricLabel(told.reason) });
    },
    observeIndexUpdate: (seconds) => indexUpdates.observe(seconds),
    showSummary: (summary) => {
      for (const [state, count] of Object.entries(summary.states)) servers.set(count, { state });
      for (const result of ["successful", "failed", "pending"] as const) ingested.set(summary[result], { result });
      indexTools.set(summary.tools);
      faults.set(summary.faults.length);
    },
    showServers: (list) => {
      serverStates.reset();
      serverTools.reset();
      serverFindings.reset();
      for (const { namespace, name: server, state, toolsCount, notes } of list) {
        serverStates.set(1, { namespace, server, state });
        serverTools.set(toolsCount, { namespace, server });
        for (const { reason } of notes) serverFindings.set(1, { namespace, server, reason: toMetricLabel(reason) });
      }
    },
    showLoad: ({ callsInFlight, wakingCalls, sessions: open, heldCalls, replicas: members }) => {
      inFlight.set(callsInFlight);
      waking.set(wakingCalls);
      sessions.set(open);
      held.set(heldCalls);
      replicas.set(members);
    },
  };
}

/** Methods come from callers: only those that MCP knows become labels. */
const labelMethod = (method: string): string => (findMethod(method) === undefined ? "_other" : method);

const wakeResults = ["awake", "gone", "refused", "late", "left"] as const;

/** What becomes of sleeping servers that are called; the time is of those that woke. */
function createWakeMetrics(metrics: Metrics): WakeMetrics {
  const wakes = metrics.counter(
    "wakes_total",
    "Sleeping servers that were called, by outcome.",
    wakeResults.map((result) => ({ result })),
  );
  const waits = metrics.counter(
    "wake_waits_total",
    "Calls of sleeping servers, by how their waiting ended.",
    [...wakeResults, "full"].map((result) => ({ result })),
  );
  const duration = metrics.histogram("wake_duration_seconds", "Time from the first call to a server that is awake.", {
    buckets: [0.5, 1, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 45, 60, 120],
  });
  return {
    countWait: (result) => waits.add({ result }),
    observeWake: (result, seconds) => {
      wakes.add({ result });
      if (result === "awake") duration.observe(seconds);
    },
  };
}

const forwardOutcomes: readonly ForwardOutcome[] = ["answered", "away", "frozen", "broken", "refused"];
const handleRefusals: readonly HandleRefusal[] = ["unsealed", "expired", "foreign", "ended", "gone"];

/** What becomes of requests whose sessions other replicas hold, and of session handles. */
function createReplicaMetrics(metrics: Metrics): ReplicaMetrics {
  const forwarded = metrics.counter(
    "forwarded_requests_total",
    "Requests passed on to the replica that holds their session, by outcome.",
    forwardOutcomes.map((result) => ({ result })),
  );
  const refused = metrics.counter(
    "session_handles_refused_total",
    "Session ids that were answered as unknown, by reason.",
    handleRefusals.map((reason) => ({ reason })),
  );
  const moved = metrics.counter(
    "sessions_moved_total",
    "Sessions taken over from a replica that is not there any more.",
  );
  return {
    countForwarded: (result) => forwarded.add({ result }),
    countRefusedHandle: (reason) => refused.add({ reason }),
    countMoved: () => moved.add(),
  };
}

const spanStates = ["ended", "exported", "failed"] as const;

/** The counts of audit lines and spans, which are kept elsewhere: a scrape adds what has come since the one before. */
function createTelemetryMetrics(metrics: Metrics): Pick<AggregatorMetrics, "showTelemetry"> {
  const lines = metrics.counter("audit_lines_total", "Lines of the audit stream, written or waiting to be.");
  const lost = metrics.counter("audit_lost_total", "Decisions without an audit line, because none could be written.");
  const failing = metrics.gauge("audit_failing", "1 while audit lines can't be written.");
  const spans = metrics.counter(
    "spans_total",
    "Sampled spans: all that ended, those exported, those whose export failed.",
    spanStates.map((state) => ({ state })),
  );
  const shown = new Map<string, number>();
  const addSince = (name: string, total: number): number => {
    const since = total - (shown.get(name) ?? 0);
    shown.set(name, total);
    return since;
  };
  return {
    showTelemetry: ({ audit, spans: counts }) => {
      lines.add({}, addSince("lines", audit?.lines ?? 0));
      lost.add({}, addSince("lost", audit?.lost ?? 0));
      failing.set(audit?.failure === undefined ? 0 : 1);
      for (const state of spanStates) spans.add({ state }, addSince(state, counts?.[state] ?? 0));
    },
  };
}
