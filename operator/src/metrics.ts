/**
 * The operator's metrics, prefix `outrigger_operator_`:
 * `leader`, `reconcile_total{controller,result}`, `reconcile_duration_seconds{controller}`, `watch_failures_total{resource}`, `events_dropped_total`,
 * `guarded_namespaces`, `policy_valid`, `bundles`, `bundles_refused{reason}`, `policy_patches_total{result}`,
 * `pods_without_trusted_key`, `trust_keys`, `pods_pinning_old_key`, `enforced_pods{status,reason}`, `probes_total{status}`,
 * `foreign_policies`, `authority_phase{phase}`, `authority_due_timestamp_seconds`, `authority_expiry_timestamp_seconds`, `ca_bundle_in_sync`,
 * `asleep_servers`, `sleeps_total{result}`, `wakes_total{result}`, `wake_duration_seconds`.
 * No name of a namespace, pod or server is a label.
 */
import { toMetricLabel, type Reason } from "@outrigger/api/reasons";
import { wakeStatus, type WakeAnswer } from "@outrigger/api/wake";
import type { Metrics } from "@outrigger/runtime/metrics";
import { topics, type Topic } from "./cluster/view.ts";

/** The duties, as labels name them. */
const controllers = [
  "trust",
  "assertions",
  "bundles",
  "isolation",
  "probe",
  "certificates",
  "events",
  "sleep",
  "session-keys",
] as const;

export type Controller = (typeof controllers)[number];

/** What the operator counts. Values of gauges are set by the leader; another replica's stand at zero. */
export interface OperatorMetrics {
  readonly showLeader: (isLeader: boolean) => void;
  readonly countRun: (controller: Controller, result: "ok" | "failed" | "error") => void;
  /** Only runs that did something: one that still waits for the cluster to be read has no duration. */
  readonly observeRun: (controller: Controller, seconds: number) => void;
  readonly countWatchFailure: (resource: Topic | "policy") => void;
  readonly countDroppedEvent: () => void;
  readonly showPolicy: (state: "valid" | "invalid") => void;
  readonly showBundles: (facts: {
    readonly namespaces: number;
    readonly bundles: number;
    readonly tooLarge: number;
    readonly unsigned: number;
  }) => void;
  readonly countPolicyPatch: (result: "ok" | "failed") => void;
  readonly showTrust: (facts: { readonly keys: number; readonly pinningOld: number }) => void;
  readonly showEnforced: (counts: ReadonlyMap<string, { status: string; reason: Reason; pods: number }>) => void;
  readonly countProbe: (status: string) => void;
  readonly showForeignPolicies: (count: number) => void;
  /** `phase` undefined: what is trusted is given, and nothing is rotated. Times in Unix epoch ms. */
  readonly showAuthority: (facts: {
    readonly phase: string | undefined;
    readonly dueMs: number | undefined;
    readonly expiresAtMs: number;
    readonly sync: "in sync" | "out of sync";
  }) => void;
  readonly showAsleep: (servers: number) => void;
  readonly countSleep: (result: SleepResult) => void;
  /** One request to wake a server, answered after so long. */
  readonly observeWake: (result: WakeAnswer["reason"], seconds: number) => void;
}

const sleepResults = [
  "Asleep",
  "InvalidAnnotation",
  "SidecarsMissing",
  "ActivityUnknown",
  "CatalogueUnknown",
  "CatalogueTooLarge",
  "SleepFailed",
] as const satisfies readonly Reason[];

/** How an attempt to put a server to sleep ended. */
export type SleepResult = (typeof sleepResults)[number];

type LabelledGauge = (name: string, help: string, labelNames?: readonly string[]) => ReturnType<Metrics["gauge"]>;

const phases = ["steady", "announced", "switched"];
const statuses = ["True", "False", "Unknown"];

/** Registers all metrics; label sets start at zero. */
export function createOperatorMetrics(metrics: Metrics): OperatorMetrics {
  // The registry reads label names of gauges as a third argument, which its type leaves out.
  const gauge: LabelledGauge = metrics.gauge;
  const leader = gauge("leader", "1 where this replica acts.");
  const results = ["ok", "failed", "error"] as const;
  const runs = metrics.counter(
    "reconcile_total",
    "Runs of a duty by outcome.",
    controllers.flatMap((controller) => results.map((result) => ({ controller, result }))),
  );
  const runTime = metrics.histogram("reconcile_duration_seconds", "Time of one run of a duty.", {
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    labelNames: ["controller"],
  });
  const watchFailures = metrics.counter("watch_failures_total", "Failed requests of watches.", [
    ...[...topics, "policy"].map((resource) => ({ resource })),
  ]);
  const droppedEvents = metrics.counter("events_dropped_total", "Events that were not written, too many waiting.");
  const namespaces = gauge("guarded_namespaces", "Namespaces that get policy and isolation.");
  const policyValid = gauge("policy_valid", "1 where the policy can be used.");
  const bundles = gauge("bundles", "Signed policies of namespaces that are published.");
  const refused = gauge("bundles_refused", "Policies that can't be published, by reason.", ["reason"]);
  const patches = metrics.counter("policy_patches_total", "Policies written on to pods.", [
    { result: "ok" },
    { result: "failed" },
  ]);
  const unsigned = gauge("pods_without_trusted_key", "Injected pods that pin none of the keys that sign.");
  const keys = gauge("trust_keys", "Keys that sign policy.");
  const pinningOld = gauge("pods_pinning_old_key", "Injected pods that need the key before the current one.");
  const enforced = gauge("enforced_pods", "Injected pods by result of the last probe.", ["status", "reason"]);
  const probes = metrics.counter(
    "probes_total",
    "Probes by result.",
    statuses.map((status) => ({ status })),
  );
  const foreign = gauge("foreign_policies", "Network policies of others that open a way round a sidecar.");
  const phase = gauge("authority_phase", "1 for the phase in which the rotation of the webhook's authority is.", [
    "phase",
  ]);
  const due = gauge("authority_due_timestamp_seconds", "When the next step of that rotation is due; 0 where none is.");
  const expiry = gauge(
    "authority_expiry_timestamp_seconds",
    "When the signing authority, or the first certificate that is given to be trusted, ends.",
  );
  const inSync = gauge("ca_bundle_in_sync", "1 where every entry of the webhook configuration trusts what it should.");
  const asleep = gauge("asleep_servers", "Servers that are asleep.");
  const sleeps = metrics.counter(
    "sleeps_total",
    "Attempts to put a server to sleep, by outcome.",
    sleepResults.map((reason) => ({ result: toMetricLabel(reason) })),
  );
  const wakes = metrics.counter(
    "wakes_total",
    "Requests to wake a server, by outcome.",
    // Keys of a const object are exactly its members.
    (Object.keys(wakeStatus) as WakeAnswer["reason"][]).map((reason) => ({ result: toMetricLabel(reason) })),
  );
  const wakeTime = metrics.histogram("wake_duration_seconds", "Time to answer a request to wake a server.", {
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
  });
  return {
    showLeader: (isLeader) => leader.set(isLeader ? 1 : 0),
    countRun: (controller, result) => runs.add({ controller, result }),
    observeRun: (controller, seconds) => runTime.observe(seconds, { controller }),
    countWatchFailure: (resource) => watchFailures.add({ resource }),
    countDroppedEvent: () => droppedEvents.add(),
    showPolicy: (state) => policyValid.set(state === "valid" ? 1 : 0),
    showBundles: (facts) => {
      namespaces.set(facts.namespaces);
      bundles.set(facts.bundles);
      refused.set(facts.tooLarge, { reason: toMetricLabel("BundleTooLarge") });
      unsigned.set(facts.unsigned);
    },
    countPolicyPatch: (result) => patches.add({ result }),
    showTrust: (facts) => {
      keys.set(facts.keys);
      pinningOld.set(facts.pinningOld);
    },
    showEnforced: (counts) => {
      enforced.reset();
      for (const { status, reason, pods } of counts.values()) {
        enforced.set(pods, { status, reason: toMetricLabel(reason) });
      }
    },
    countProbe: (status) => probes.add({ status }),
    showForeignPolicies: (count) => foreign.set(count),
    showAuthority: (facts) => {
      for (const each of phases) phase.set(each === facts.phase ? 1 : 0, { phase: each });
      due.set((facts.dueMs ?? 0) / 1_000);
      expiry.set(facts.expiresAtMs / 1_000);
      inSync.set(facts.sync === "in sync" ? 1 : 0);
    },
    showAsleep: (servers) => asleep.set(servers),
    countSleep: (result) => sleeps.add({ result: toMetricLabel(result) }),
    observeWake: (result, seconds) => {
      wakes.add({ result: toMetricLabel(result) });
      wakeTime.observe(seconds);
    },
  };
}
