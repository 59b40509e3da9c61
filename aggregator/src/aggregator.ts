/**
 * Puts the aggregator together: discovery, catalogue, index, waker, relay, endpoints, read API, health, metrics; and takes it apart in
 * order. The only file that knows all parts; settings come in, sockets are opened here.
 */
import type { AddressInfo } from "node:net";
import { openClusterAccess, type ClusterAccess } from "@outrigger/kube";
import { addHealthRoutes, reportHealth, type HealthChecks, type HealthReport } from "@outrigger/runtime/health";
import { createGuardedLookup } from "@outrigger/runtime/forbidden-address";
import type { Logger } from "@outrigger/runtime/logger";
import { createMetrics } from "@outrigger/runtime/metrics";
import type { ShutdownStep } from "@outrigger/runtime/shutdown";
import { fastify, type FastifyInstance } from "fastify";
import { Agent, Client } from "undici";
import { readPlace } from "./auth/door/place.ts";
import { openDoor, openEndpointApp } from "./auth/open-door.ts";
import { startVouching } from "./assertion/start.ts";
import { createDecisionFor } from "./visibility/decision-for.ts";
import { createAsleepSource } from "./discovery/asleep.ts";
import { createConfigMapSource } from "./discovery/config-map.ts";
import { createFileSource } from "./discovery/file.ts";
import { createPodSource } from "./discovery/pods.ts";
import { createServiceSource } from "./discovery/services.ts";
import { serveFrom } from "./discovery/select.ts";
import type { DiscoverySource } from "./discovery/source.ts";
import { findByPublicName } from "./catalog/find.ts";
import { addEndpointRoutes, type Endpoints } from "./endpoint/routes.ts";
import { createHolds } from "./endpoint/rounds/held/holds.ts";
import { createRequestStates } from "./endpoint/rounds/request-state.ts";
import { createTaskIds } from "./endpoint/tasks/task-ids.ts";
import { ownToolNames } from "./endpoint/tools/own-names.ts";
import { createAggregatorMetrics, type AggregatorMetrics } from "./metrics.ts";
import { watchAnswering } from "./answering.ts";
import { leave, type Company } from "./leave.ts";
import { openEndpointFile, type OpenedEndpointFile } from "./plan/open-file.ts";
import { tellAbsent } from "./plan/tell-absent.ts";
import { createPeerApp, openReplicas } from "./replicas/open.ts";
import { createCallCounts, type CallCounts } from "./rest/calls.ts";
import { showConfig } from "./rest/config.ts";
import { buildRecords } from "./rest/record.ts";
import { addRestRoutes } from "./rest/routes.ts";
import { createRelay } from "./route/relay.ts";
import { settingTable, type AggregatorSettings } from "./settings.ts";
import { createState, type State } from "./state/state.ts";
import { summarise } from "./state/summary.ts";
import { startTelemetry, type OpenedTelemetry } from "./telemetry/telemetry.ts";
import { version } from "./version.ts";
import { createAsk, refuseToAsk } from "./wake/ask.ts";
import { createWaker } from "./wake/waker.ts";

/** A running aggregator. `steps` end it in order. */
export interface Aggregator {
  readonly endpointPort: number;
  readonly adminPort: number;
  readonly steps: readonly ShutdownStep[];
}

/** Starts everything. Errors: rejects where a port is taken (`code` EADDRINUSE) or the cluster's configuration can't be read. */
export async function startAggregator(
  settings: AggregatorSettings,
  logger: Logger,
  opened: OpenedTelemetry,
): Promise<Aggregator> {
  const nowMs = (): number => Date.now();
  const access = settings.kube === undefined ? undefined : await openClusterAccess(settings.kube);
  const registry = createMetrics({ component: "aggregator", version });
  const calls = createCallCounts(nowMs);
  const metrics = tellSearches(createAggregatorMetrics(registry), calls);
  // Names of servers come from lists that others keep: what a name stands for is looked at when it is dialled.
  const connect = { timeout: 5_000, lookup: createGuardedLookup() };
  const control = new Agent({ connect });
  // Shorter than the idle time of Node servers (5 s), so that no connection dies under a request; no time limit of its own,
  // since the relay has one.
  const data = new Agent({
    connect,
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 4_000,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const vouching = startVouching(settings, logger);
  const state = createState({
    vouching,
    plan: settings.plan,
    sources: createSources(settings, {
      ...{ access, nowMs, logger },
      isAnswering: (key) => {
        const view = state.view(key);
        return view?.feed !== undefined && view.reason !== "SidecarUnreachable";
      },
    }),
    onGone: ({ sidecar: { key, namespace, server }, reason }) =>
      logger.info({ namespace, server, sidecar: key, reason }, "a sidecar is dialled no more"),
    onForgotten: ({ sidecar: { key, namespace, server }, reason, message }) =>
      logger.info({ namespace, server, sidecar: key, reason, message }, "tools of a dead server are listed no more"),
    dispatcher: control,
    connectFeed: (origin) => new Client(origin, { connect }),
    nowMs,
    random: Math.random,
    onIndexed: metrics.observeIndexUpdate,
  });
  const clientInfo = { name: "outrigger", title: "Outrigger", version };
  const { wakeUrl: baseUrl, wakeToken: tokenFile } = settings;
  const waker = createWaker({
    bounds: { mostWaiting: settings.wakeQueue, timeoutMs: settings.wakeTimeoutMs },
    ask:
      baseUrl === undefined || tokenFile === undefined
        ? refuseToAsk
        : createAsk({ dispatcher: control, baseUrl, tokenFile }),
    factsOf: state.sleepOf,
    metrics,
    nowMs,
    random: Math.random,
  });
  const relay = createRelay({
    ...{ dispatcher: data, clientInfo, replicasOf: state.replicasOf, nowMs, waker },
    dialFor: (principal, sidecar) => vouching.dial(principal, sidecar, () => state.view(sidecar.key)?.feed?.vouchers),
    deadlineMs: settings.callDeadlineMs,
    random: Math.random,
    onEject: metrics.countEjection,
  });

  const place = readPlace(settings);
  const { allowed, basePath } = place;
  const names = {
    own: new Set<string>(ownToolNames),
    isListed: (name: string) => findByPublicName(state.catalogue(), name) !== undefined,
  };
  const telemetry = startTelemetry({ opened, settings, allowed, logger, metrics, names });
  const replicas = await openReplicas({
    ...{ settings, access, logger, metrics, nowMs },
    hasRead: () => state.phase() === "read",
    callerNow: () => telemetry.arrivals.current()?.caller ?? "",
    onForwarded: telemetry.arrivals.leaveToAnother,
  });
  const endpoint = openEndpointApp(settings, { place, logger, create: createApp });
  const endpointApp = endpoint.app;
  telemetry.arrivals.watch(endpointApp);
  const answering = watchAnswering(endpointApp);
  let isStopping = false;
  // Connections that stand end with their next answer, so that callers come to another replica.
  endpointApp.addHook("onRequest", async (_request, reply) => {
    if (isStopping) reply.raw.setHeader("connection", "close");
  });
  const { of: arrivalOf } = telemetry.arrivals;
  const door = openDoor(endpointApp, settings, { place, access, nowMs, logger, metrics, arrivalOf });
  const onError = (error: unknown): void => logger.error({ err: error }, "a request failed");
  const endpointFile = openEndpointFile({
    path: settings.endpoints,
    onChange: () => {
      logger.info("the endpoint file changed");
      endpoints.refresh();
      absent.look();
    },
    onProblem: (problem) => logger.error({ problem }, "the endpoint file can't be used; the one of before is in force"),
  });
  const absent = tellAbsent({
    ...{ file: endpointFile.current, catalogue: state.catalogue, logger },
    isRead: () => state.phase() === "read",
  });
  const holds = createHolds({ seal: replicas.sealer, self: replicas.self, nowMs });
  const endpoints: Endpoints = await addEndpointRoutes(endpointApp, {
    state,
    relay,
    metrics,
    plans: { exposure: settings, names: settings.plan, file: endpointFile.current },
    version,
    allowed,
    identify: door.identify,
    factsOf: vouching.factsOf,
    basePath,
    replicas,
    states: createRequestStates({ seal: replicas.sealer, nowMs }),
    holds,
    tasks: createTaskIds({ seal: replicas.sealer, nowMs }),
    nowMs,
    operations: telemetry.operations,
    onCall: (told) => {
      calls.count(told);
      logger[told.outcome === "ok" ? "debug" : "info"]({ ...told }, "call");
    },
    onError,
  });
  const checks = createChecks({
    isStopping: () => isStopping,
    describeReading: () => describeReading(state),
  });
  await addRestRoutes(endpointApp, {
    ...{ state, allowed, metrics, calls, version },
    look: (request, path) => endpoints.look(request, path),
    decisionFor: createDecisionFor(door.identify, vouching.factsOf, state.catalogue),
    health: () => reportHealth(checks.ready),
    config: showConfig(settingTable, { ...settings, names: settings.plan.qualify }),
  });

  const adminApp = createApp();
  addHealthRoutes(endpointApp, checks);
  addHealthRoutes(adminApp, checks, () => [
    ...telemetry.details(),
    ...tellEndpointFile(endpointFile),
    ...absent.details(),
  ]);
  adminApp.get("/metrics", async (_request, reply) => {
    const [catalogue, discovered] = [state.catalogue(), state.discovered()];
    metrics.showSummary(summarise(catalogue, discovered));
    metrics.showServers(buildRecords({ catalogue, views: state.views(), discovered }));
    metrics.showTelemetry(telemetry.counts());
    metrics.showLoad({
      callsInFlight: relay.inFlight(),
      wakingCalls: waker.waiting(),
      sessions: endpoints.sessions(),
      heldCalls: holds.count(),
      replicas: replicas.count(),
    });
    return reply.type(registry.contentType).send(await registry.expose());
  });

  let lastLine = "";
  state.onChange(() => {
    waker.look();
    relay.keepOnly(new Set(state.views().keys()));
    endpoints.refresh();
    absent.look();
    const summary = summarise(state.catalogue(), state.discovered());
    const line = JSON.stringify(summary);
    if (line !== lastLine) logger.info({ ...summary }, "catalogue changed");
    lastLine = line;
  });
  const endpointPort = await listen(endpointApp, settings.listen);
  const peerApp = createPeerApp();
  const answeringPeers = watchAnswering(peerApp);
  if (settings.peerListen !== undefined) {
    telemetry.arrivals.watch(peerApp, (request) => replicas.readCaller(request.headers));
    await endpoints.addPeerRoutes(peerApp);
    await listen(peerApp, settings.peerListen);
  }
  const adminPort = await listen(adminApp, settings.admin);
  await state.start();

  return {
    endpointPort,
    adminPort,
    steps: [
      {
        name: "unready",
        run: () => {
          isStopping = true;
        },
      },
      {
        name: "leave",
        run: () => {
          const callsInFlight = (): number => relay.inFlight() + replicas.passing() + answering() + answeringPeers();
          return leave({ company: findCompany(settings), handOver: replicas.leave, callsInFlight });
        },
      },
      {
        name: "endpoints",
        run: () => {
          holds.close();
          return endpoints.close();
        },
      },
      { name: "endpoint file", run: endpointFile.close },
      { name: "endpoint port", run: () => endpointApp.close() },
      { name: "peer port", run: () => peerApp.close() },
      {
        name: "door",
        run: () => {
          endpoint.close();
          return door.close();
        },
      },
      { name: "replicas", run: () => replicas.close() },
      { name: "waker", run: () => waker.stop() },
      { name: "relay", run: () => relay.stop() },
      { name: "state", run: () => state.stop() },
      { name: "assertion keys", run: vouching.close },
      { name: "telemetry", run: telemetry.close },
      { name: "admin port", run: () => adminApp.close() },
      {
        name: "connections",
        run: async () => {
          await Promise.all([control.destroy(), data.destroy(), access?.close()]);
        },
      },
    ],
  };
}

/** Searches are counted for scrapers and for readers of the read API. */
function tellSearches(metrics: AggregatorMetrics, { countSearch }: CallCounts): AggregatorMetrics {
  return {
    ...metrics,
    observeSearch: (outcome, seconds) => {
      metrics.observeSearch(outcome, seconds);
      countSearch(outcome.token_metrics.tokens_saved);
    },
  };
}

function createApp(options: object = {}): FastifyInstance {
  // The time limit is for receiving a request, not for answering it; open streams must not keep the program from ending.
  return fastify({
    ...options,
    forceCloseConnections: true,
    requestTimeout: 30_000,
    routerOptions: { ignoreTrailingSlash: true },
  });
}

async function listen(
  app: FastifyInstance,
  address: { readonly host: string; readonly port: number },
): Promise<number> {
  await app.listen(address);
  // A server that listens on TCP has this form of address.
  return (app.server.address() as AddressInfo).port;
}

interface SourceParts {
  readonly access: ClusterAccess | undefined;
  readonly nowMs: () => number;
  readonly logger: Logger;
  readonly isAnswering: (sidecarKey: string) => boolean;
}

function createSources(
  settings: AggregatorSettings,
  { access, nowMs, logger, isAnswering }: SourceParts,
): DiscoverySource[] {
  const sources: DiscoverySource[] = [];
  if (settings.servers !== undefined) sources.push(createFileSource({ path: settings.servers, nowMs }));
  if (access !== undefined) {
    const { namespaces, asleep: keptIn } = settings;
    const onHandlerError = (error: unknown): void =>
      logger.error({ err: error }, "reading what the cluster tells failed");
    sources.push(createPodSource({ access, namespaces, onHandlerError, isAnswering }));
    if (settings.services === "labelled") sources.push(createServiceSource({ access, namespaces, onHandlerError }));
    for (const list of settings.serverLists) sources.push(createConfigMapSource({ access, list, onHandlerError }));
    if (keptIn !== undefined) sources.push(createAsleepSource({ access, keptIn, namespaces, onHandlerError }));
  }
  return sources.map((source) =>
    serveFrom(source, settings, (left) =>
      logger.info({ source: source.name, servers: Object.fromEntries(left) }, "servers are left out"),
    ),
  );
}

function findCompany({ kube, peerListen }: AggregatorSettings): Company {
  if (kube?.mode === "in-cluster") return "cluster";
  return peerListen === undefined ? "alone" : "replicas";
}

function tellEndpointFile({ problem }: OpenedEndpointFile): HealthReport["checks"] {
  const now = problem();
  return now === undefined ? [] : [{ name: "endpoint file", ok: false, message: now }];
}

interface ChecksOptions {
  readonly isStopping: () => boolean;
  /** What is still to be read; undefined where that is nothing. */
  readonly describeReading: () => string | undefined;
}

function createChecks({ isStopping, describeReading: catalogue }: ChecksOptions): HealthChecks {
  const running = (): string | undefined => (isStopping() ? "The aggregator is stopping." : undefined);
  return { ready: { catalogue, running }, started: { catalogue } };
}

function describeReading({ phase, discovered }: Pick<State, "phase" | "discovered">): string | undefined {
  const { faults } = discovered();
  const why = faults.length === 0 ? "" : ` (${faults.join("; ")})`;
  switch (phase()) {
    case "unread":
      return `Which servers there are was not read yet${why}.`;
    case "reading":
      return "Servers are still being read.";
    case "read":
      return undefined;
  }
}
