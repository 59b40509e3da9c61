/**
 * One term of leadership: all duties run from election to loss, and nothing is written afterwards. The only file that knows
 * every duty and which change concerns which of them.
 */
import {
  createEventRecorder,
  createObjects,
  type ClusterAccess,
  type EventRecorder,
  type Objects,
} from "@outrigger/kube";
import type { PublicJwk } from "@outrigger/runtime/jws";
import type { Logger } from "@outrigger/runtime/logger";
import { createAssertionRun } from "./assertions/assertions.ts";
import { createBundleRun } from "./bundles/bundles.ts";
import { createSigner } from "./bundles/sign.ts";
import { createAuthorityRun } from "./certificates/certificates.ts";
import { createGivenTrustRun } from "./certificates/given.ts";
import { listSystemNamespaces } from "./cluster/namespaces.ts";
import { createOwners } from "./cluster/owners.ts";
import type { ClusterView, Topic } from "./cluster/view.ts";
import { startDuty, type Duty, type DutyOptions, type DutyResult } from "./duty.ts";
import { createEventRun } from "./events/events.ts";
import { countNotInjected, listMissed } from "./events/reconcile.ts";
import { createIsolationRun } from "./isolation/isolation.ts";
import type { Admitted } from "./isolation/wanted.ts";
import type { Controller, OperatorMetrics } from "./metrics.ts";
import { createPace } from "./pace.ts";
import type { PolicySet } from "./policy/read-policy.ts";
import { createDial } from "./probe/dial.ts";
import { createProbeRun } from "./probe/probe.ts";
import { createSessionKeyRun } from "./session-keys/session-keys.ts";
import { createSidecars } from "./sleep/sidecars.ts";
import { createSleepRun } from "./sleep/sleep.ts";
import type { OperatorSettings } from "./settings.ts";
import type { TrustKeys } from "./trust/observe.ts";
import { createTrustRun } from "./trust/trust.ts";

/** What a term works with. */
export interface TermParts {
  readonly settings: OperatorSettings;
  readonly access: ClusterAccess;
  readonly view: ClusterView;
  readonly policy: () => PolicySet | undefined;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly elapsedMs: () => number;
  readonly random: () => number;
}

/** A running term. */
export interface Term {
  /** Something changed; the duties that it concerns run. */
  readonly onChange: (topic: Topic | "policy") => void;
  /** Leadership is lost: cuts short what is under way and waits for that. */
  readonly end: () => Promise<void>;
  /** Leadership is given up: lets writes that are under way finish, with the Events that wait. */
  readonly finish: () => Promise<void>;
}

/** Which duties a change concerns. Pods concern all that look at pods. */
const concerned: Readonly<Record<Topic | "policy", readonly Controller[]>> = {
  namespaces: ["bundles", "isolation", "events"],
  pods: ["trust", "bundles", "isolation", "probe", "events", "sleep"],
  missed: ["events"],
  policies: ["isolation", "probe"],
  bundles: ["bundles"],
  trust: ["trust"],
  entries: ["certificates"],
  refusals: ["events"],
  deployments: ["sleep"],
  statefulsets: ["sleep"],
  asleep: ["bundles", "isolation", "sleep"],
  policy: ["bundles"],
};

/** What a duty must have seen completely before it may conclude anything from what is not there. */
const needed: Readonly<Record<Controller, readonly Topic[]>> = {
  trust: ["pods", "trust"],
  assertions: [],
  bundles: ["namespaces", "pods", "bundles", "asleep"],
  isolation: ["namespaces", "pods", "policies", "asleep"],
  probe: ["pods", "policies"],
  certificates: ["entries"],
  events: ["namespaces", "pods", "missed", "refusals"],
  sleep: ["pods", "deployments", "statefulsets", "asleep"],
  "session-keys": [],
};

/** How soon a duty looks again whether it may run, ms. */
const syncMs = 500;

/** How far back a new leader looks for what its predecessor may not have told, ms. */
const lookBackMs = 60_000;

/** How long the news of a new key may take to every replica of the webhook, ms. */
const keySettleMs = 60_000;

/** How long a new key may take to every replica of the aggregator: the kubelet brings changed Secrets within a minute or two. */
const sessionKeyAnnounceMs = 10 * 60_000;

/** Pods that are written per second at most; so many at once first. */
const pacing = { intervalMs: 20, burst: 50 };

/** Repairs come at once and after longest a minute. */
const repairBackoff = { firstMs: 100, longestMs: 60_000 };

/** Starts all duties. */
export function startTerm(parts: TermParts): Term {
  const { settings, metrics, logger, random } = parts;
  const ending = new AbortController();
  const objects = createObjects(parts.access, { random, signal: ending.signal });
  const recorder = createRecorder(objects, parts);
  const runs = createRuns({ ...parts, objects, recorder, triggerBundles: () => duties.get("bundles")?.trigger() });
  const start = (name: Controller, run: DutyOptions["run"]): Duty =>
    startDuty({
      name,
      run,
      random,
      onResult: (_, result) => report(name, result, parts),
      onError: (_, error) => {
        metrics.countRun(name, "error");
        logger.error({ duty: name, err: error }, "a duty failed unexpectedly");
      },
      ...(name === "certificates" ? { backoff: repairBackoff, settleMs: 0 } : {}),
    });
  const duties = new Map<Controller, Duty>();
  for (const [name, run] of runs) {
    const isSynced = (): boolean => parts.view.isSynced(needed[name]);
    const timed = timeRuns(name, run, parts);
    duties.set(
      name,
      start(name, (signal) => (isSynced() ? timed(signal) : Promise.resolve({ problems: [], nextMs: syncMs }))),
    );
  }
  const stopDuties = async (): Promise<void> => {
    await Promise.all([...duties.values()].map((duty) => duty.stop()));
  };
  logger.info({ identity: settings.identity }, "leading");
  return {
    onChange: (topic) => {
      for (const name of concerned[topic]) duties.get(name)?.trigger();
    },
    end: async () => {
      ending.abort();
      await stopDuties();
      logger.info("no longer leading");
    },
    finish: async () => {
      await stopDuties();
      await recorder.close();
    },
  };
}

function timeRuns(
  name: Controller,
  run: DutyOptions["run"],
  { metrics, elapsedMs }: Pick<TermParts, "metrics" | "elapsedMs">,
): DutyOptions["run"] {
  return async (signal) => {
    const startMs = elapsedMs();
    try {
      return await run(signal);
    } finally {
      metrics.observeRun(name, (elapsedMs() - startMs) / 1_000);
    }
  };
}

function report(name: Controller, { problems }: DutyResult, { metrics, logger }: TermParts): void {
  metrics.countRun(name, problems.length === 0 ? "ok" : "failed");
  if (problems.length > 0) {
    const shown = { duty: name, problems: problems.slice(0, 5), count: problems.length };
    logger.warn(shown, "a duty could not be finished; it is tried again");
  }
}

function createRecorder(objects: Objects, { settings, metrics, logger, nowMs }: TermParts): EventRecorder {
  return createEventRecorder({
    objects,
    controller: "outrigger.dev/operator",
    instance: settings.identity,
    nowMs,
    onFailure: ({ message }) => logger.warn({ problem: message }, "an Event could not be written"),
    onDropped: metrics.countDroppedEvent,
    // A new leader may have a whole cluster to tell of.
    queueLimit: 2_048,
  });
}

interface RunParts extends TermParts {
  readonly objects: Objects;
  readonly recorder: EventRecorder;
  readonly triggerBundles: () => void;
}

function createRuns(parts: RunParts): ReadonlyMap<Controller, DutyOptions["run"]> {
  const { settings, view, objects, nowMs } = parts;
  const { namespace } = settings;
  const system = listSystemNamespaces(namespace, settings.systemNamespaces);
  const owners = createOwners(objects);
  const pace = createPace({ ...pacing, elapsedMs: parts.elapsedMs });
  let keys: TrustKeys | undefined;
  const onKeys = (known: TrustKeys): void => {
    const isNews = keys?.current.kid !== known.current.kid || keys.previous?.kid !== known.previous?.kid;
    keys = known;
    if (isNews) parts.triggerBundles();
  };
  const trustTimes = { lifetimeMs: settings.trustLifetime, overlapMs: settings.trustOverlap };
  let assertionKeys: readonly PublicJwk[] | undefined;
  // Until they are known no policy is signed: one that names nobody would take from every sidecar whom it trusts.
  const isWaiting = (): boolean => settings.assertions !== undefined && assertionKeys === undefined;
  const bundleParts = {
    system,
    chosen: settings.namespaces,
    pace,
    keys: () => (isWaiting() ? undefined : keys),
    assertionKeys: () => assertionKeys,
    sign: createSigner(),
    prefix: settings.bundles,
  };
  const admitted = settings.isolation === "enabled" ? admit(settings) : undefined;
  const notInjected = (): number =>
    countNotInjected(listMissed({ missed: view.missed(), namespaces: view.namespaces(), system }));
  const probeTimes = { intervalMs: settings.probeInterval, retryMs: settings.probeRetry, firstMs: 60_000 };
  const prober = { dial: createDial(settings.probeTimeout), from: `namespace ${namespace}`, pace, owners };
  const runs = new Map<Controller, DutyOptions["run"]>([
    ["trust", createTrustRun({ ...parts, namespace, name: settings.trust, times: trustTimes, onKeys })],
    ["bundles", createBundleRun({ ...parts, ...bundleParts, namespace, settleMs: keySettleMs })],
    ["isolation", createIsolationRun({ ...parts, system, admitted })],
    ["probe", createProbeRun({ ...parts, ...prober, times: probeTimes, notInjected })],
    ["events", createEventRun({ ...parts, system, owners, sinceMs: nowMs() - lookBackMs })],
  ]);
  if (settings.assertions !== undefined) {
    const times = { lifetimeMs: settings.assertionLifetime, overlapMs: settings.assertionOverlap };
    const onAssertionKeys = (known: readonly PublicJwk[]): void => {
      assertionKeys = known;
      parts.triggerBundles();
    };
    const place = { namespace, name: settings.assertions };
    runs.set("assertions", createAssertionRun({ ...parts, ...place, times, onKeys: onAssertionKeys }));
  }
  if (settings.sleep !== undefined)
    runs.set("sleep", createSleepRun({ ...parts, namespace, sidecars: createSidecars() }));
  if (settings.sessionKeys !== undefined) {
    const times = { lifetimeMs: settings.sessionKeyLifetime, announceMs: sessionKeyAnnounceMs };
    runs.set("session-keys", createSessionKeyRun({ ...parts, namespace, name: settings.sessionKeys, times }));
  }
  const certificates = createCertificateRun(parts);
  if (certificates !== undefined) runs.set("certificates", certificates);
  return runs;
}

/** The operator asks sidecars whether they are used, where servers may sleep. */
function admit({ peers, sleep }: OperatorSettings): Admitted {
  return { ...peers, watchers: sleep === undefined ? [] : peers.probers };
}

/** Undefined where whom API servers trust is somebody else's. */
function createCertificateRun(parts: RunParts): DutyOptions["run"] | undefined {
  const { caAnnounce, caRetire, caLifetime, namespace, registration } = parts.settings;
  if (registration === undefined) return undefined;
  if (registration.source === "files")
    return createGivenTrustRun({ ...parts, trusted: registration.trusted, handoverMs: caAnnounce });
  const times = { announceMs: caAnnounce, retireMs: caRetire };
  return createAuthorityRun({
    ...parts,
    ...{ namespace, name: registration.secret, times, lifetimeMs: caLifetime },
  });
}
