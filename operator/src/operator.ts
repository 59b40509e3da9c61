/**
 * Puts the operator together: the view of the cluster, the policy, the election, the duties of the leader, health and
 * metrics; and takes it apart in order. Settings come in, sockets are opened here.
 */
import type { AddressInfo } from "node:net";
import {
  createElection,
  createObjects,
  openClusterAccess,
  type ApiFailure,
  type ClusterAccess,
  type Election,
} from "@outrigger/kube";
import { addHealthRoutes, type HealthChecks } from "@outrigger/runtime/health";
import type { Logger } from "@outrigger/runtime/logger";
import { createMetrics } from "@outrigger/runtime/metrics";
import type { ShutdownStep } from "@outrigger/runtime/shutdown";
import { fastify, type FastifyInstance } from "fastify";
import { topics, watchCluster, type ClusterView, type ClusterWatches, type Topic } from "./cluster/view.ts";
import { createOperatorMetrics, type OperatorMetrics } from "./metrics.ts";
import { watchPolicy, type WatchedPolicy } from "./policy/watch-policy.ts";
import type { OperatorSettings } from "./settings.ts";
import { startTerm, type Term, type TermParts } from "./term.ts";
import { version } from "./version.ts";
import { openWakePort } from "./wake/wake.ts";

/** A running operator. `steps` end it in order. */
export interface Operator {
  readonly adminPort: number;
  /** Where servers are woken; undefined where none sleeps. */
  readonly wakePort: number | undefined;
  readonly steps: readonly ShutdownStep[];
}

const clocks = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  random: () => Math.random(),
};

/** Starts everything. Errors: rejects where the port is taken (`code` EADDRINUSE) or the cluster's configuration can't be read. */
export async function startOperator(settings: OperatorSettings, logger: Logger): Promise<Operator> {
  const access = await openClusterAccess(settings.kube);
  const registry = createMetrics({ component: "operator", version });
  const metrics = createOperatorMetrics(registry);
  const terms = createTerms();
  const view = startView(settings, { access, metrics, logger, onChange: terms.onChange });
  const policy = watchPolicy({
    access,
    namespace: settings.namespace,
    name: settings.policy,
    onChange: () => {
      reportPolicy(policy, { metrics, logger });
      terms.onChange("policy");
    },
    ...createWatchReports({ metrics, logger }, "policy"),
  });
  const parts: TermParts = { settings, access, view, policy: policy.current, metrics, logger, ...clocks };
  const election = startElection(settings, {
    access,
    logger,
    onElected: () => {
      metrics.showLeader(true);
      terms.begin(parts);
    },
    onDeposed: () => {
      metrics.showLeader(false);
      terms.end();
    },
  });

  let isStopping = false;
  const app = createApp();
  addHealthRoutes(app, createChecks({ view, policy, isStopping: () => isStopping }));
  app.get("/metrics", async (_request, reply) => reply.type(registry.contentType).send(await registry.expose()));
  await app.listen(settings.admin);
  const { sleep, identity } = settings;
  const wake =
    sleep === undefined ? undefined : await openWakePort({ sleep, identity, access, view, metrics, logger, ...clocks });
  election.start();

  return {
    // A server that listens on TCP has this form of address.
    adminPort: (app.server.address() as AddressInfo).port,
    wakePort: wake?.port,
    steps: [
      {
        name: "unready",
        run: () => {
          isStopping = true;
        },
      },
      { name: "wake port", run: () => wake?.close() },
      // Duties end before the lease is given back: its next holder must not meet our writes.
      { name: "duties", run: () => terms.close() },
      { name: "lease", run: () => election.stop() },
      { name: "policy", run: () => policy.stop() },
      { name: "view", run: () => view.stop() },
      { name: "admin port", run: () => app.close() },
      { name: "connections", run: () => access.close() },
    ],
  };
}

/** Terms one after the other: a new one begins when the one before has ended. */
interface Terms {
  readonly onChange: (topic: Topic | "policy") => void;
  readonly begin: (parts: TermParts) => void;
  readonly end: () => void;
  /** Ends for good. */
  readonly close: () => Promise<void>;
}

function createTerms(): Terms {
  let term: Term | undefined;
  let ended = Promise.resolve();
  let wanted: TermParts | undefined;
  let isClosed = false;
  const end = (): void => {
    wanted = undefined;
    const ending = term;
    term = undefined;
    // Ending begins at once, so that nothing more is written; waiting for it is the next term's.
    if (ending !== undefined) ended = ending.end();
  };
  return {
    onChange: (topic) => term?.onChange(topic),
    begin: (parts) => {
      wanted = parts;
      void ended.then(() => {
        if (wanted === parts && term === undefined && !isClosed) term = startTerm(parts);
      });
    },
    end,
    close: async () => {
      isClosed = true;
      await ended;
      await term?.finish();
      end();
      await ended;
    },
  };
}

interface ViewParts {
  readonly access: ClusterAccess;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly onChange: (topic: Topic) => void;
}

function startView(settings: OperatorSettings, { access, metrics, logger, onChange }: ViewParts): ClusterWatches {
  return watchCluster({
    access,
    ownNamespace: settings.namespace,
    only: settings.namespaces,
    trustName: settings.trust,
    webhookConfiguration: settings.registration?.configuration,
    sleep: settings.sleep === undefined ? "disabled" : "enabled",
    onChange,
    onFailure: (topic, failure) => createWatchReports({ metrics, logger }, topic).onFailure(failure),
    onHandlerError: (error) => logger.error({ err: error }, "reading the cluster failed"),
  });
}

interface WatchReports {
  readonly onFailure: (failure: ApiFailure) => void;
  readonly onHandlerError: (error: unknown) => void;
}

function createWatchReports(
  { metrics, logger }: Pick<ViewParts, "metrics" | "logger">,
  topic: Topic | "policy",
): WatchReports {
  return {
    onFailure: ({ message }) => {
      metrics.countWatchFailure(topic);
      logger.warn({ watch: topic, problem: message }, "a watch failed; it is tried again");
    },
    onHandlerError: (error) => logger.error({ err: error }, "reading the cluster failed"),
  };
}

interface ElectionParts {
  readonly access: ClusterAccess;
  readonly logger: Logger;
  readonly onElected: () => void;
  readonly onDeposed: () => void;
}

function startElection(settings: OperatorSettings, parts: ElectionParts): Election {
  const { access, logger, onElected, onDeposed } = parts;
  return createElection({
    objects: createObjects(access, { attempts: 1, attemptMs: Math.min(5_000, settings.renewTime / 2) }),
    namespace: settings.namespace,
    name: settings.lease,
    identity: settings.identity,
    times: { leaseMs: settings.leaseTime, renewMs: settings.renewTime, retryMs: settings.retryTime },
    ...clocks,
    onElected,
    onDeposed,
    onFailure: ({ message }) => logger.warn({ problem: message }, "the Lease could not be looked at"),
  });
}

function reportPolicy(
  policy: WatchedPolicy,
  { metrics, logger }: { readonly metrics: OperatorMetrics; readonly logger: Logger },
): void {
  const problems = policy.problems();
  metrics.showPolicy(problems.length === 0 ? "valid" : "invalid");
  if (problems.length === 0) logger.info("policy read");
  else logger.error({ reason: "PolicyInvalid", problems: problems.slice(0, 10) }, "the policy can't be used");
}

function createApp(): FastifyInstance {
  return fastify({ forceCloseConnections: true, requestTimeout: 30_000, routerOptions: { ignoreTrailingSlash: true } });
}

interface Checked {
  readonly view: ClusterView;
  readonly policy: WatchedPolicy;
  readonly isStopping: () => boolean;
}

/** Ready also without leadership: a replica that waits is as it should be. */
function createChecks({ view, policy: watched, isStopping }: Checked): HealthChecks {
  const caches = (): string | undefined => (view.isSynced(topics) ? undefined : "The cluster is still being read.");
  const policy = (): string | undefined =>
    watched.isRead() && watched.current() === undefined
      ? `There is no policy: ${watched.problems()[0] ?? ""}`
      : undefined;
  const running = (): string | undefined => (isStopping() ? "The operator is stopping." : undefined);
  return { ready: { caches, policy, running }, started: {} };
}
