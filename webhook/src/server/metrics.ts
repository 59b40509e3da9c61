/**
 * Metrics of the webhook, prefix `outrigger_webhook_`:
 * - `injections_total{action,reason}` decisions; actions skip, inject, deny, error; reasons of the one vocabulary
 * - `injection_warnings_total{reason}` pods that something was told about beside the decision
 * - `workload_checks_total{action,reason}` what would become of the pods of a workload or namespace; the same words
 * - `requests_total{scope,result}` requests; results answered, malformed
 * - `request_duration_seconds` time in the handler of requests that were answered
 * - `certificate_expiry_timestamp_seconds` end of the certificate that is served
 * - `ca_bundle_trusted` 1 where the API server trusts the certificate that is served; with certificates of the cluster
 * - `reloads_total{subject,result}` readings of certificate, configuration, namespaces and trust keys; results taken, refused
 * - `watch_failures_total{subject}` requests to the API server that failed, by what is watched
 */
import { toMetricLabel, type Reason } from "@outrigger/api/reasons";
import type { Metrics } from "@outrigger/runtime/metrics";
import { watchSubjects, type WatchSubject } from "../cluster/context.ts";
import { denyCodes, injectReasons, scopes, skipReasons, warnReasons, type Warning } from "../inject/outcome.ts";

/** What may be read again while the webhook runs. */
const reloadSubjects = ["certificate", "config", "namespaces", "trust"] as const;
export type ReloadSubject = (typeof reloadSubjects)[number];

/** What requests are about: pods, by the entry that matched, and what pods come from. */
const requestScopes = [...scopes, "workload", "settings"] as const;
export type RequestScope = (typeof requestScopes)[number];

/** The webhook's own metrics. Durations in seconds, times as Unix milliseconds. */
export interface WebhookMetrics {
  readonly countDecision: (action: "skip" | "inject" | "deny" | "error", reason: Reason) => void;
  readonly countWarning: (reason: Warning["reason"]) => void;
  readonly countCheck: (action: "skip" | "inject" | "deny" | "error", reason: Reason) => void;
  readonly countRequest: (scope: RequestScope, result: "answered" | "malformed") => void;
  readonly observeDuration: (seconds: number) => void;
  readonly setCertificateExpiry: (notAfterMs: number) => void;
  readonly setCaBundle: (trust: "trusted" | "untrusted") => void;
  readonly countWatchFailure: (subject: WatchSubject) => void;
  readonly countReload: (subject: ReloadSubject, result: "taken" | "refused") => void;
}

const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const labelsFor = (action: string, reasons: readonly Reason[]): { action: string; reason: string }[] =>
  reasons.map((reason) => ({ action, reason: toMetricLabel(reason) }));

// Object.keys of a const object yields exactly its keys.
const denyReasons = Object.keys(denyCodes) as (keyof typeof denyCodes)[];

/** Registers the metrics; every label set starts at zero. */
export function createWebhookMetrics(metrics: Metrics): WebhookMetrics {
  const injections = metrics.counter("injections_total", "Decisions about pods.", [
    ...labelsFor("skip", skipReasons),
    ...labelsFor("inject", injectReasons),
    ...labelsFor("deny", denyReasons),
    ...labelsFor("error", ["Internal"]),
  ]);
  const warnings = metrics.counter(
    "injection_warnings_total",
    "Warnings beside decisions about pods.",
    warnReasons.map((reason) => ({ reason: toMetricLabel(reason) })),
  );
  const checks = metrics.counter("workload_checks_total", "What would become of the pods of workloads.", [
    ...labelsFor("skip", [...skipReasons, "NamespaceNotSynced"]),
    ...labelsFor("inject", injectReasons),
    ...labelsFor("deny", denyReasons),
    ...labelsFor("error", ["Internal"]),
  ]);
  const requests = metrics.counter(
    "requests_total",
    "Requests by path and result.",
    requestScopes.flatMap((scope) => ["answered", "malformed"].map((result) => ({ scope, result }))),
  );
  const reloads = metrics.counter(
    "reloads_total",
    "Readings of what may change while the webhook runs.",
    reloadSubjects.flatMap((subject) => ["taken", "refused"].map((result) => ({ subject, result }))),
  );
  const watchFailures = metrics.counter(
    "watch_failures_total",
    "Requests to the API server that failed.",
    watchSubjects.map((subject) => ({ subject })),
  );
  const caBundle = metrics.gauge("ca_bundle_trusted", "1 where the API server trusts the certificate that is served.");
  const duration = metrics.histogram("request_duration_seconds", "Time in the handler.", { buckets });
  const expiry = metrics.gauge("certificate_expiry_timestamp_seconds", "End of the certificate that is served.");
  return {
    countDecision: (action, reason) => injections.add({ action, reason: toMetricLabel(reason) }),
    countWarning: (reason) => warnings.add({ reason: toMetricLabel(reason) }),
    countCheck: (action, reason) => checks.add({ action, reason: toMetricLabel(reason) }),
    countRequest: (scope, result) => requests.add({ scope, result }),
    observeDuration: (seconds) => duration.observe(seconds),
    setCertificateExpiry: (notAfterMs) => expiry.set(notAfterMs / 1_000),
    setCaBundle: (trust) => caBundle.set(trust === "trusted" ? 1 : 0),
    countWatchFailure: (subject) => watchFailures.add({ subject }),
    countReload: (subject, result) => reloads.add({ subject, result }),
  };
}
