/**
 * Every metric of every program: the names, types and labels that dashboards and alerts may rely on. The programs' own texts are
 * compared with it by a test, and the reference page is made from it. Labels never hold what a caller made up: a tool is named where
 * the catalogue holds it, else it is `_other`.
 */

/** The programs that have metrics. */
export type MetricProgram = "sidecar" | "aggregator" | "operator" | "webhook";

/** One metric. `meaning` is its help text, word by word. Units stand in names: seconds, bytes. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly meaning: string;
}

type Row = readonly [name: string, type: MetricDefinition["type"], labels: string, meaning: string];

const define = (rows: readonly Row[]): readonly MetricDefinition[] =>
  rows.map(([name, type, labels, meaning]) => ({
    name,
    type,
    labels: labels === "" ? [] : labels.split(","),
    meaning,
  }));

/** What every program has. */
const buildInfo: Row = ["outrigger_build_info", "gauge", "component,version", "Always 1; the labels say what runs."];

/** All metrics by program. */
export const metrics: Readonly<Record<MetricProgram, readonly MetricDefinition[]>> = {
  sidecar: define([
    buildInfo,
    ["outrigger_sidecar_requests_total", "counter", "method,tool,result", "Requests by method, tool and result."],
    [
      "outrigger_sidecar_request_duration_seconds",
      "histogram",
      "method,tool,result",
      "Time from the request's head to the end of the answer.",
    ],
    [
      "mcp_server_operation_duration_seconds",
      "histogram",
      "mcp_method_name,gen_ai_tool_name,error_type",
      "The same, named by the OpenTelemetry conventions for MCP: mcp.server.operation.duration.",
    ],
    [
      "outrigger_sidecar_refused_total",
      "counter",
      "reason",
      "Requests that were not answered by the server, by reason.",
    ],
    ["outrigger_sidecar_audit_lines_total", "counter", "", "Lines of the audit stream, written or waiting to be."],
    [
      "outrigger_sidecar_audit_lost_total",
      "counter",
      "",
      "Decisions without an audit line, because none could be written.",
    ],
    ["outrigger_sidecar_audit_failing", "gauge", "", "1 while audit lines can't be written."],
    [
      "outrigger_sidecar_spans_total",
      "counter",
      "state",
      "Sampled spans: all that ended, those exported, those whose export failed.",
    ],
    ["outrigger_sidecar_connections", "gauge", "", "Connections of clients that are open."],
    [
      "outrigger_sidecar_connections_ended_total",
      "counter",
      "reason",
      "Connections that the sidecar refused or broke off, by reason.",
    ],
    ["outrigger_sidecar_queued_calls", "gauge", "", "Calls that wait for others to end."],
    ["outrigger_sidecar_sessions", "gauge", "", "Sessions of clients that are open with a server over HTTP."],
    [
      "outrigger_sidecar_sessions_refused_total",
      "counter",
      "reason",
      "Sessions that were refused: too many were open, or it was another caller's.",
    ],
    ["outrigger_sidecar_tasks", "gauge", "", "Tasks that callers may ask about."],
    [
      "outrigger_sidecar_shared_store_away",
      "gauge",
      "",
      "1 while the store that counts for all replicas does not answer.",
    ],
    [
      "outrigger_sidecar_shared_store_failures_total",
      "counter",
      "",
      "Calls for which the store that counts for all replicas did not answer.",
    ],
    [
      "outrigger_sidecar_shares",
      "gauge",
      "state",
      "Shares of limits that count over all replicas, and of them those that are stale.",
    ],
    [
      "outrigger_sidecar_would_deny_total",
      "counter",
      "reason",
      "Requests that passed and that a layer in audit mode would have denied, by reason.",
    ],
    ["outrigger_sidecar_redacted_values_total", "counter", "", "Values of answers that were replaced."],
    ["outrigger_sidecar_truncated_total", "counter", "", "Answers to tool calls that were cut to fit."],
    ["outrigger_sidecar_health", "gauge", "state", "1 for the state that the server is in."],
    ["outrigger_sidecar_health_reason", "gauge", "reason", "1 for the reason of that state."],
    [
      "outrigger_sidecar_health_check_duration_seconds",
      "histogram",
      "result",
      "Time of health checks by outcome: answered or failed.",
    ],
    ["outrigger_sidecar_breaker_state", "gauge", "state", "1 for the state of the circuit breaker."],
    [
      "outrigger_sidecar_breaker_transitions_total",
      "counter",
      "state",
      "Changes of the circuit breaker, by the state that it came to.",
    ],
    [
      "outrigger_sidecar_credentials_tokens_total",
      "counter",
      "for,result",
      "Tokens that were asked for, by whom they are for and whether they were given.",
    ],
    ["outrigger_sidecar_credentials_refused_total", "counter", "", "Calls whose credentials the server refused."],
    ["outrigger_sidecar_credentials_callers", "gauge", "", "Callers whose tokens are kept."],
    [
      "outrigger_sidecar_settings_refused_total",
      "counter",
      "setting",
      "Values of live settings that were given and refused, by setting: the one before stays.",
    ],
    ["outrigger_sidecar_policy_applied", "gauge", "", "1 while the policy that was given last is in force."],
    [
      "outrigger_sidecar_policy_age_seconds",
      "gauge",
      "",
      "Time since the policy in force came into force; absent without one.",
    ],
    [
      "outrigger_sidecar_policy_refused_total",
      "counter",
      "reason",
      "Policies that were given and not put in force, by reason.",
    ],
    ["outrigger_sidecar_catalogue_age_seconds", "gauge", "", "Time since the server was last listed, or tried to be."],
    ["outrigger_sidecar_unapproved_tools", "gauge", "state", "Tools whose definition of now is not the approved one."],
    ["outrigger_sidecar_waiting_calls", "gauge", "", "Calls that wait for a server that is away."],
    ["outrigger_sidecar_held_bytes", "gauge", "", "Bytes of requests and answers that are held to be read."],
    ["outrigger_sidecar_open_streams", "gauge", "", "Streams open to the server."],
    ["outrigger_sidecar_open_calls", "gauge", "", "Calls under way."],
    ["outrigger_sidecar_children", "gauge", "", "Processes of the server."],
  ]),
  aggregator: define([
    buildInfo,
    ["outrigger_aggregator_servers", "gauge", "state", "Servers by state."],
    ["outrigger_aggregator_server_state", "gauge", "namespace,server,state", "1 for the state that a server is in."],
    ["outrigger_aggregator_server_tools", "gauge", "namespace,server", "Tools of a server that are in the index."],
    [
      "outrigger_aggregator_server_findings",
      "gauge",
      "namespace,server,reason",
      "1 for what a person should know of a server's list.",
    ],
    ["outrigger_aggregator_ingested_servers", "gauge", "result", "Servers by outcome of reading their catalogue."],
    ["outrigger_aggregator_index_tools", "gauge", "", "Tools in the index."],
    ["outrigger_aggregator_calls_in_flight", "gauge", "", "Calls of tools under way."],
    ["outrigger_aggregator_sessions", "gauge", "", "Open sessions of legacy clients."],
    [
      "outrigger_aggregator_held_calls",
      "gauge",
      "",
      "Calls that are held open at legacy servers while modern clients are asked.",
    ],
    [
      "outrigger_aggregator_replicas",
      "gauge",
      "",
      "Replicas of the aggregator that take sessions over, this one included.",
    ],
    [
      "outrigger_aggregator_forwarded_requests_total",
      "counter",
      "result",
      "Requests passed on to the replica that holds their session, by outcome.",
    ],
    [
      "outrigger_aggregator_sessions_moved_total",
      "counter",
      "",
      "Sessions taken over from a replica that is not there any more.",
    ],
    [
      "outrigger_aggregator_session_handles_refused_total",
      "counter",
      "reason",
      "Session ids that were answered as unknown, by reason.",
    ],
    ["outrigger_aggregator_discovery_faults", "gauge", "", "Places that can't be searched for servers now."],
    ["outrigger_aggregator_index_update_seconds", "histogram", "", "Time to bring the index up to a change."],
    ["outrigger_aggregator_find_tool_requests_total", "counter", "result", "Searches by outcome."],
    ["outrigger_aggregator_find_tool_duration_seconds", "histogram", "", "Time of one search."],
    ["outrigger_aggregator_find_tool_results", "histogram", "", "Tools found by one search."],
    ["outrigger_aggregator_find_tool_low_confidence_total", "counter", "", "Searches that found nothing convincing."],
    [
      "outrigger_aggregator_find_tool_tokens_saved_total",
      "counter",
      "",
      "Tokens of definitions that callers did not have to read.",
    ],
    ["outrigger_aggregator_call_tool_requests_total", "counter", "result", "Calls of tools by outcome."],
    [
      "mcp_server_operation_duration_seconds",
      "histogram",
      "mcp_method_name,gen_ai_tool_name,error_type",
      "Time of an operation, named by the OpenTelemetry conventions for MCP: mcp.server.operation.duration.",
    ],
    [
      "mcp_client_operation_duration_seconds",
      "histogram",
      "mcp_method_name,error_type",
      "Time of a call at the sidecar, named by the OpenTelemetry conventions for MCP: mcp.client.operation.duration.",
    ],
    [
      "outrigger_aggregator_call_retries_total",
      "counter",
      "cause",
      "Calls that went to another replica, by what became of the attempt before.",
    ],
    [
      "outrigger_aggregator_authentications_total",
      "counter",
      "method,result",
      "Requests by the way in which their caller was identified, and by outcome; unknown where no way applies.",
    ],
    ["outrigger_aggregator_ejections_total", "counter", "", "Replicas that were ejected, because they lost calls."],
    ["outrigger_aggregator_waking_calls", "gauge", "", "Calls that wait for servers to wake."],
    ["outrigger_aggregator_wakes_total", "counter", "result", "Sleeping servers that were called, by outcome."],
    [
      "outrigger_aggregator_wake_waits_total",
      "counter",
      "result",
      "Calls of sleeping servers, by how their waiting ended.",
    ],
    [
      "outrigger_aggregator_wake_duration_seconds",
      "histogram",
      "",
      "Time from the first call to a server that is awake.",
    ],
    ["outrigger_aggregator_audit_lines_total", "counter", "", "Lines of the audit stream, written or waiting to be."],
    [
      "outrigger_aggregator_audit_lost_total",
      "counter",
      "",
      "Decisions without an audit line, because none could be written.",
    ],
    ["outrigger_aggregator_audit_failing", "gauge", "", "1 while audit lines can't be written."],
    [
      "outrigger_aggregator_spans_total",
      "counter",
      "state",
      "Sampled spans: all that ended, those exported, those whose export failed.",
    ],
  ]),
  operator: define([
    buildInfo,
    ["outrigger_operator_leader", "gauge", "", "1 where this replica acts."],
    ["outrigger_operator_reconcile_total", "counter", "controller,result", "Runs of a duty by outcome."],
    ["outrigger_operator_reconcile_duration_seconds", "histogram", "controller", "Time of one run of a duty."],
    ["outrigger_operator_watch_failures_total", "counter", "resource", "Failed requests of watches."],
    ["outrigger_operator_events_dropped_total", "counter", "", "Events that were not written, too many waiting."],
    ["outrigger_operator_guarded_namespaces", "gauge", "", "Namespaces that get policy and isolation."],
    ["outrigger_operator_policy_valid", "gauge", "", "1 where the policy can be used."],
    ["outrigger_operator_bundles", "gauge", "", "Signed policies of namespaces that are published."],
    ["outrigger_operator_bundles_refused", "gauge", "reason", "Policies that can't be published, by reason."],
    ["outrigger_operator_policy_patches_total", "counter", "result", "Policies written on to pods."],
    ["outrigger_operator_pods_without_trusted_key", "gauge", "", "Injected pods that pin none of the keys that sign."],
    ["outrigger_operator_trust_keys", "gauge", "", "Keys that sign policy."],
    ["outrigger_operator_pods_pinning_old_key", "gauge", "", "Injected pods that need the key before the current one."],
    ["outrigger_operator_enforced_pods", "gauge", "status,reason", "Injected pods by result of the last probe."],
    ["outrigger_operator_probes_total", "counter", "status", "Probes by result."],
    ["outrigger_operator_foreign_policies", "gauge", "", "Network policies of others that open a way round a sidecar."],
    ["outrigger_operator_asleep_servers", "gauge", "", "Servers that are asleep."],
    ["outrigger_operator_sleeps_total", "counter", "result", "Attempts to put a server to sleep, by outcome."],
    ["outrigger_operator_wakes_total", "counter", "result", "Requests to wake a server, by outcome."],
    ["outrigger_operator_wake_duration_seconds", "histogram", "", "Time to answer a request to wake a server."],
    [
      "outrigger_operator_authority_phase",
      "gauge",
      "phase",
      "1 for the phase in which the rotation of the webhook's authority is.",
    ],
    [
      "outrigger_operator_authority_due_timestamp_seconds",
      "gauge",
      "",
      "When the next step of that rotation is due; 0 where none is.",
    ],
    [
      "outrigger_operator_authority_expiry_timestamp_seconds",
      "gauge",
      "",
      "When the signing authority, or the first certificate that is given to be trusted, ends.",
    ],
    [
      "outrigger_operator_ca_bundle_in_sync",
      "gauge",
      "",
      "1 where every entry of the webhook configuration trusts what it should.",
    ],
  ]),
  webhook: define([
    buildInfo,
    ["outrigger_webhook_injections_total", "counter", "action,reason", "Decisions about pods."],
    ["outrigger_webhook_injection_warnings_total", "counter", "reason", "Warnings beside decisions about pods."],
    [
      "outrigger_webhook_workload_checks_total",
      "counter",
      "action,reason",
      "What would become of the pods of workloads.",
    ],
    ["outrigger_webhook_requests_total", "counter", "scope,result", "Requests by path and result."],
    [
      "outrigger_webhook_reloads_total",
      "counter",
      "subject,result",
      "Readings of what may change while the webhook runs.",
    ],
    ["outrigger_webhook_watch_failures_total", "counter", "subject", "Requests to the API server that failed."],
    [
      "outrigger_webhook_ca_bundle_trusted",
      "gauge",
      "",
      "1 where the API server trusts the certificate that is served.",
    ],
    ["outrigger_webhook_request_duration_seconds", "histogram", "", "Time in the handler."],
    ["outrigger_webhook_certificate_expiry_timestamp_seconds", "gauge", "", "End of the certificate that is served."],
  ]),
};
