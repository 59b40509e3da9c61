/** Puts the two sides together: the door for clients, the server's side, control and admin ports; starts and stops them in order. */
import { randomUUID } from "node:crypto";
import type { Reason } from "@outrigger/api/reasons";
import { createLimitState } from "@outrigger/policy";
import type { Logger } from "@outrigger/runtime/logger";
import type { ShutdownStep } from "@outrigger/runtime/shutdown";
import { createActivityMeter } from "./activity.ts";
import type { PolicyInForce } from "./bundle/policy-in-force.ts";
import type { FolderWatch } from "./bundle/watch.ts";
import { createByteBudget } from "./call/budget.ts";
import { createDeadlines } from "./call/deadlines.ts";
import { createDoor } from "./call/receive.ts";
import { createListCache } from "./call/list-cache.ts";
import { createControlCounts } from "./call/inspect/counts.ts";
import { viewOf } from "./call/inspect/look.ts";
import { createRecorder } from "./call/record.ts";
import { createAdminApp } from "./control/admin-app.ts";
import { createControlApp } from "./control/control-app.ts";
import { describeDependencies } from "./control/ready-detail.ts";
import { createDrain, quietMs } from "./drain.ts";
import { exposeState } from "./expose-state.ts";
import { createIntake } from "./intake/intake.ts";
import { listenAll, type Bound } from "./listen.ts";
import { createLiveSettings } from "./live-settings.ts";
import type { SidecarOptions } from "./options.ts";
import { createServerSide } from "./server-side.ts";
import { createSseDoor } from "./sse-door/sse-door.ts";
import { createOpenStreams } from "./streams/open-streams.ts";
import { createPolicyTeller } from "./streams/tell-policy.ts";
import type { CreateTelemetry } from "./telemetry/telemetry.ts";
import { createOutageQueue } from "./upstream/outage-queue.ts";

/** Bytes of requests and answers that may be held at once. The container holds them twice: what is free is not collected at once. */
const heldBytesLimit = 16 * 1024 ** 2;

/** Bytes of lists that are remembered, as they came and as they are shown. */
const rememberedListBytes = 512 * 1024;

/** Clients of the older HTTP+SSE transport at once: each holds a stream, and one to the server. */
const maxOlderClients = 1_000;

/** How long calls are held while the server's container is started again, and how many; docs/adr/0016. */
const outage = { waitMs: 10_000, pauseMs: 100, maxHeld: 256 } as const;

/** How long the last bytes of answers and streams may take to their clients, before connections end. */
const flushMs = 2_000;

/** A sidecar that is ready to start. */
export interface Sidecar {
  readonly start: () => Promise<Bound>;
  readonly stopSteps: readonly ShutdownStep[];
}

/** Creates the sidecar from its options. */
export function createSidecar(options: SidecarOptions, logger: Logger, createTelemetry: CreateTelemetry): Sidecar {
  const now = (): number => performance.now();
  const side = createServerSide(options, logger);
  const deadlines = createDeadlines(now);
  const budget = createByteBudget(heldBytesLimit);
  const drain = createDrain(now);
  const activity = createActivityMeter(now);
  const intake = createIntake(options.intake, {
    ...{ server: options.server, namespace: options.namespace, policy: options.policy.current },
    ...{ now, wallNow: Date.now, deadlines, sessionIdleMs: options.sessionIdleMs, logger },
  });
  const queue = createOutageQueue({
    ...outage,
    now,
    hasAnswered: () => side.publisher.current().digest !== undefined,
    onAbsence: () => side.health.check(),
  });
  const { server, policy } = options;
  const recorder = createRecorder({ isKnownTool: side.catalogue.knowsTool });
  const counts = createControlCounts(logger);
  const live = createLiveSettings(
    { logLevel: options.logLevel, callDeadlineMs: options.intake.callDeadlineMs },
    { logger, onChange: ({ logLevel }) => void (logger.level = logLevel) },
  );
  const streams = createOpenStreams(server);
  const teller = createPolicyTeller({
    streams,
    policy: () => policy.current().compiled,
    content: side.catalogue.content,
    viewOf: (subject, received) => viewOf(subject, { server, book: side.book, received }),
  });
  const telemetry = createTelemetry(side.catalogue.knowsTool);
  const sseDoor = createSseDoor({
    path: options.path,
    upstreamPath: side.path,
    isOlder: () => side.publisher.current().transport?.kind === "sse",
    maxSessions: maxOlderClients,
    random: () => randomUUID(),
  });
  // A bridged server's sessions are ours, and know their owners.
  const owned = options.upstream.form === "http" ? intake.sessions.watch(side.upstream) : side.upstream;
  const door = createDoor(
    {
      server,
      // The queue outside: what waits for a server to be started again is not what keeps it from its end.
      upstream: activity.watch(side.guard.protect(queue.watch(drain.watch(side.guard.time(owned))))),
      forward: side.forward,
      policy: policy.current,
      limits: createLimitState(),
      deadlines,
      callTimeoutMs: options.callTimeoutMs,
      budget,
      recorder,
      lists: createListCache(rememberedListBytes),
      telemetry: telemetry.calls,
      book: side.book,
      counts,
      streams,
      now,
      onOutcome: side.reportOutcome,
      ...intake.deps,
      get callDeadlineMs() {
        return live.current().callDeadlineMs;
      },
    },
    {
      path: options.path,
      upstreamPath: side.path,
      addresses: { hosts: new Set(options.hosts) },
      guard: intake.guard,
      traffic: drain.traffic,
      isLeaving: drain.isLeaving,
      sseDoor,
    },
  );
  const { callers } = intake.deps;
  const control = createControlApp({ source: side.publisher, activity: activity.read, callers, hosts: options.hosts });
  let isListening = false;
  let controlPort: number | undefined;
  const admin = createAdminApp({
    checks: {
      started: { listening: () => (isListening ? undefined : "the ports are not bound yet") },
      ready: {
        listening: () => (isListening ? undefined : "the ports are not bound yet"),
        draining: () => (drain.isDraining() ? "the sidecar is stopping" : undefined),
      },
    },
    details: () => [
      ...describeDependencies({
        policy: policy.current(),
        trustKeyIds: options.trustKeyIds,
        feed: side.publisher.current(),
        controlPort,
      }),
      ...side.guard.details(),
      ...(side.outgoing?.details() ?? []),
      ...live.details(),
      ...telemetry.details(),
      ...intake.details(),
    ],
    metrics: () =>
      recorder.expose() +
      telemetry.expose() +
      intake.expose() +
      live.expose() +
      counts.expose() +
      side.guard.expose() +
      (side.outgoing?.expose() ?? "") +
      exposeState({ budget, side, policy, waiting: queue.held(), nowMs: Date.now() }),
    appProbes: options.appProbes,
    stopHooks: options.stopHooks,
    health: () => side.publisher.current().health,
    beforeStop: async (limitMs, signal) => {
      const startedMs = now();
      const callsLeft = await drain.hold({ quietMs, limitMs, signal });
      // A connection that is kept for later would bring its next call to a server that is gone.
      if (callsLeft === 0) door.closeIdle();
      logger.info({ waitedMs: Math.round(now() - startedMs), callsLeft }, "the server may be told to stop");
    },
  });
  let watch: FolderWatch | undefined;
  let settings: FolderWatch | undefined;

  const start = async (): Promise<Bound> => {
    const data = await listenAll({ app: door, addresses: options.listen, flag: "listen" });
    if (!data.ok) return data;
    const feed = await listenAll({ app: control, addresses: options.control, flag: "control" });
    if (!feed.ok) return feed;
    const own = await listenAll({ app: admin, addresses: options.admin, flag: "admin" });
    if (!own.ok) return own;
    isListening = true;
    const [dataPort, , adminPort] = [data, feed, own].map(({ port }) => port);
    controlPort = feed.port;
    logger.info({ server, dataPort, controlPort, adminPort, policy: policy.current().hash }, "listening");
    settings = options.podInfo === undefined ? undefined : await live.watch(options.podInfo);
    watch = watchPolicy(options, logger, (changed) => {
      side.applyPolicy(changed);
      teller.changed();
    });
    side.catalogue.start();
    side.health.start();
    return data;
  };
  const stopSteps: ShutdownStep[] = [
    { name: "queue", run: queue.end },
    {
      name: "drain",
      run: () => {
        const drained = drain.start(options.drainMs);
        side.publisher.setDraining();
        return drained;
      },
    },
    { name: "calls", run: deadlines.endAll },
    { name: "policy", run: () => watch?.close() },
    { name: "settings", run: () => settings?.close() },
    { name: "teller", run: teller.close },
    { name: "sse-door", run: sseDoor.close },
    { name: "streams", run: streams.endAll },
    { name: "answers", run: () => drain.flush(flushMs) },
    { name: "health", run: side.health.close },
    { name: "guard", run: side.guard.close },
    { name: "catalogue", run: side.catalogue.close },
    { name: "door", run: () => door.close() },
    { name: "upstream", run: side.upstream.close },
    { name: "telemetry", run: telemetry.close },
    { name: "intake", run: intake.close },
    { name: "deadlines", run: deadlines.close },
    { name: "control", run: () => control.close() },
    { name: "admin", run: () => admin.close() },
  ];
  return { start, stopSteps };
}

/** A changed policy is in force at once; what is refused is told once and changes nothing. */
function watchPolicy(
  { policy }: SidecarOptions,
  logger: Logger,
  onChange: (policy: PolicyInForce) => void,
): FolderWatch {
  const tellRefused = (reason: Reason, problems: readonly string[]): void => {
    const { compiled, hash } = policy.current();
    const isDenied = compiled.denied !== undefined;
    const fields = { reason, problems, policy: hash };
    logger.error(fields, isDenied ? "no policy, everything is denied" : "policy refused, the last good one stays");
  };
  const { reason, message } = policy.current();
  if (reason !== "PolicyApplied") tellRefused(reason, [message]);
  policy.onChange((changed) => {
    onChange(changed);
    if (changed.reason === "PolicyApplied")
      logger.info({ reason: changed.reason, policy: changed.hash }, "policy in force");
  });
  return policy.watch((refused) => tellRefused(refused.reason, refused.problems));
}
