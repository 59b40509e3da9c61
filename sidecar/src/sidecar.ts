/** Puts the two sides together: the door for clients, the server's side, control and admin ports; starts and stops them in order. */
import { randomUUID } from "node:crypto";
import type { Reason } from "@outrigger/api/reasons";
import { createLimitState } from "@outrigger/policy";
import type { Logger } from "@outrigger/runtime/logger";
import type { ShutdownStep } from "@outrigger/runtime/shutdown";
import type { PolicyInForce } from "./bundle/policy-in-force.ts";
import type { FolderWatch } from "./bundle/watch.ts";
import { createByteBudget } from "./call/budget.ts";
import { createDeadlines } from "./call/deadlines.ts";
import { createDoor } from "./call/receive.ts";
import { createControlCounts } from "./call/inspect/counts.ts";
import { createRecorder } from "./call/record.ts";
import { createAdminApp } from "./control/admin-app.ts";
import { createControlApp } from "./control/control-app.ts";
import { addReadyDetail, describeDependencies } from "./control/ready-detail.ts";
import { createDrain, quietMs } from "./drain.ts";
import { exposeState } from "./expose-state.ts";
import { createIntake } from "./intake/intake.ts";
import { listenAll, type Bound } from "./listen.ts";
import type { SidecarOptions } from "./options.ts";
import { createServerSide } from "./server-side.ts";
import { createSseDoor } from "./sse-door/sse-door.ts";
import type { CreateTelemetry } from "./telemetry/telemetry.ts";
import { createOutageQueue } from "./upstream/outage-queue.ts";

/** Bytes of answers that may be held at once. */
const heldBytesLimit = 32 * 1024 ** 2;

/** Clients of the older HTTP+SSE transport at once: each holds a stream, and one to the server. */
const maxOlderClients = 1_000;

/** How long calls are held while the server's container is started again, and how many; docs/adr/0016. */
const outage = { waitMs: 10_000, pauseMs: 100, maxHeld: 256 } as const;

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
  const intake = createIntake(options.intake, {
    ...{ server: options.server, namespace: options.namespace, policy: options.policy.current },
    ...{ now, wallNow: Date.now, deadlines, logger },
  });
  const queue = createOutageQueue({
    ...outage,
    now,
    hasAnswered: () => side.publisher.current().digest !== undefined,
    onAbsence: () => side.reportOutcome("UpstreamUnavailable"),
  });
  const { server, policy } = options;
  const recorder = createRecorder({ isKnownTool: side.catalogue.knowsTool });
  const counts = createControlCounts(logger);
  const telemetry = createTelemetry(side.catalogue.knowsTool);
  const sseDoor = createSseDoor({
    path: options.path,
    upstreamPath: side.path,
    isOlder: () => side.publisher.current().transport?.kind === "sse",
    maxSessions: maxOlderClients,
    random: () => randomUUID(),
  });
  const door = createDoor(
    {
      server,
      // The queue outside: what waits for a server to be started again is not what keeps it from its end.
      upstream: queue.watch(drain.watch(side.upstream)),
      forward: side.forward,
      policy: policy.current,
      limits: createLimitState(),
      deadlines,
      callTimeoutMs: options.callTimeoutMs,
      budget,
      recorder,
      telemetry: telemetry.calls,
      book: side.book,
      counts,
      now,
      onOutcome: side.reportOutcome,
      ...intake.deps,
    },
    {
      path: options.path,
      upstreamPath: side.path,
      addresses: { hosts: new Set(options.hosts) },
      admit: drain.admit,
      isLeaving: drain.isLeaving,
      sseDoor,
    },
  );
  const control = createControlApp({ source: side.publisher, hosts: options.hosts });
  let isListening = false;
  let closeIdle = (): void => undefined;
  const admin = createAdminApp({
    checks: {
      started: { listening: () => (isListening ? undefined : "the ports are not bound yet") },
      ready: {
        listening: () => (isListening ? undefined : "the ports are not bound yet"),
        draining: () => (drain.isDraining() ? "the sidecar is stopping" : undefined),
      },
    },
    metrics: () =>
      recorder.expose() +
      telemetry.expose() +
      intake.expose() +
      counts.expose() +
      exposeState({ budget, side, policy, waiting: queue.held(), nowMs: Date.now() }),
    appProbes: options.appProbes,
    stopHooks: options.stopHooks,
    health: () => side.publisher.current().health,
    beforeStop: async (limitMs, signal) => {
      const startedMs = now();
      const callsLeft = await drain.hold({ quietMs, limitMs, signal });
      // A connection that is kept for later would bring its next call to a server that is gone.
      if (callsLeft === 0) closeIdle();
      logger.info({ waitedMs: Math.round(now() - startedMs), callsLeft }, "the server may be told to stop");
    },
  });
  let controlPort: number | undefined;
  addReadyDetail(admin, () => [
    ...describeDependencies({
      policy: policy.current(),
      trustKeyIds: options.trustKeyIds,
      feed: side.publisher.current(),
      controlPort,
    }),
    ...telemetry.details(),
    ...intake.details(),
  ]);
  let watch: FolderWatch | undefined;

  const start = async (): Promise<Bound> => {
    const data = await listenAll({ app: door, addresses: options.listen, flag: "listen", guard: intake.guard });
    if (!data.ok) return data;
    const feed = await listenAll({ app: control, addresses: options.control, flag: "control" });
    if (!feed.ok) return feed;
    const own = await listenAll({ app: admin, addresses: options.admin, flag: "admin" });
    if (!own.ok) return own;
    ({ closeIdle } = data);
    isListening = true;
    const [dataPort, , adminPort] = [data, feed, own].map(({ port }) => port);
    controlPort = feed.port;
    logger.info({ server, dataPort, controlPort, adminPort, policy: policy.current().hash }, "listening");
    watch = watchPolicy(options, logger, side.applyPolicy);
    side.catalogue.start();
    side.health.start();
    return data;
  };
  const stopSteps: ShutdownStep[] = [
    { name: "queue", run: queue.end },
    { name: "drain", run: () => drain.start(options.drainMs) },
    { name: "policy", run: () => watch?.close() },
    { name: "health", run: side.health.close },
    { name: "catalogue", run: side.catalogue.close },
    { name: "sse-door", run: sseDoor.close },
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
