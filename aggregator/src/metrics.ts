/**
 * The aggregator's metrics, prefix `outrigger_aggregator_`:
 * `servers{state}`, `server_state{namespace,server,state}`, `server_tools{namespace,server}`, `ingested_servers{result}`,
 * `index_tools`, `index_update_seconds`, `find_tool_requests_total{result}`,
 * `find_tool_duration_seconds`, `find_tool_results`, `find_tool_low_confidence_total`, `find_tool_tokens_saved_total`,
 * `call_tool_requests_total{result}`,
 * `calls_in_flight`, `sessions`, `discovery_faults`. No query text, no caller and no tool name is a label; names of servers are, two
 * series for each.
 */
import type { Metrics } from "@outrigger/runtime/metrics";
import type { SearchOutcome } from "./search/present.ts";
import type { ServerRecord } from "./rest/record.ts";
import type { Summary } from "./state/summary.ts";

/** How a search ended; `empty` found nothing, `refused` had wrong arguments. */
export type SearchResultLabel = "ok" | "empty" | "refused";

/** How a call ended: `tool_error` is a result that says so itself, `error` a JSON-RPC error, `unknown` no such tool. */
export type CallResultLabel = "ok" | "tool_error" | "error" | "unknown" | "cancelled";

/** One server, as its record has it. */
export type ServerFigures = Pick<ServerRecord, "namespace" | "name" | "state" | "toolsCount">;

/** What the aggregator counts. */
export interface AggregatorMetrics {
  readonly countSearch: (result: SearchResultLabel) => void;
  readonly observeSearch: (
    outcome: Pick<SearchOutcome, "tools" | "confidence" | "token_metrics">,
    seconds: number,
  ) => void;
  readonly countCall: (result: CallResultLabel) => void;
  readonly observeIndexUpdate: (seconds: number) => void;
  readonly showSummary: (summary: Summary) => void;
  /** Exactly these servers; those of before are forgotten. */
  readonly showServers: (servers: readonly ServerFigures[]) => void;
  readonly showLoad: (load: { readonly callsInFlight: number; readonly sessions: number }) => void;
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
  const ingested = gauge("ingested_servers", "Servers by outcome of reading their catalogue.", ["result"]);
  const indexTools = gauge("index_tools", "Tools in the index.");
  const inFlight = gauge("calls_in_flight", "Calls of tools under way.");
  const sessions = gauge("sessions", "Open sessions of legacy clients.");
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
  return {
    countSearch: (result) => searches.add({ result }),
    observeSearch: ({ tools, confidence, token_metrics: tokens }, seconds) => {
      searches.add({ result: tools.length === 0 ? "empty" : "ok" });
      searchTime.observe(seconds);
      results.observe(tools.length);
      if (confidence === "low") lowConfidence.add();
      saved.add({}, tokens.tokens_saved);
    },
    countCall: (result) => calls.add({ result }),
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
      for (const { namespace, name: server, state, toolsCount } of list) {
        serverStates.set(1, { namespace, server, state });
        serverTools.set(toolsCount, { namespace, server });
      }
    },
    showLoad: ({ callsInFlight, sessions: open }) => {
      inFlight.set(callsInFlight);
      sessions.set(open);
    },
  };
}
