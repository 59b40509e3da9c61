/** Puts the two sides together: the door for clients, the server's side, control and admin ports; starts and stops them in order. */
import type { Reason } from "@outrigger/api/reasons";
import { createLimitState } from "@outrigger/policy";
import type { Logger } from "@outrigger/runtime/logger";
import type { ShutdownStep } from "@outrigger/runtime/shutdown";
import type { PolicyInForce } from "./bundle/policy-in-force.ts";
import { addPolicyDetail } from "./bundle/tell-policy.ts";
import type { FolderWatch } from "./bundle/watch.ts";
import { createByteBudget } from "./call/budget.ts";
import { createDeadlines } from "./call/deadlines.ts";
import { createDoor } from "./call/receive.ts";
import { createRecorder } from "./call/record.ts";
import { createAdminApp } from "./control/admin-app.ts";
import { createControlApp } from "./control/control-app.ts";
import { createDrain } from "./drain.ts";
import { exposeState } from "./expose-state.ts";
import { listenAll, type Bound } from "./listen.ts";
import type { SidecarOptions } from "./options.ts";
import { createServerSide } from "./server-side.ts";

/** Bytes of answers that may be held at once. */
const heldBytesLimit = 32 * 1024 ** 2;

/** A sidecar that is ready to start. */
export interface Sidecar {
  readonly start: () => Promise<Bound>;
  readonly stopSteps: readonly ShutdownStep[];
}

/** Creates the sidecar from its options. */
export function createSidecar(options: SidecarOptions, logger: Logger): Sidecar {
  const now = (): number => performance.now();
  const side = createServerSide(options, logger);
  const deadlines = createDeadlines(now);
  const budget = createByteBudget(heldBytesLimit);
  const drain = createDrain();
  const { server, audit, policy } = options;
  const recorder = createRecorder({ server, audit, logger, isKnownTool: side.catalogue.knowsTool });
  const door = createDoor(
    {
      server,
      upstream: drain.watch(side.upstream),
      forward: side.forward,
      policy: policy.current,
      limits: createLimitState(),
      deadlines,
      callTimeoutMs: options.callTimeoutMs,
      budget,
      recorder,
      now,
      onOutcome: side.reportOutcome,
    },
    { path: options.path, upstreamPath: side.path, addresses: { hosts: new Set(options.hosts) } },
  );
  const control = createControlApp({ source: side.publisher, hosts: options.hosts });
  let isListening = false;
  const admin = createAdminApp({
    checks: {
      started: { listening: () => (isListening ? undefined : "the ports are not bound yet") },
      ready: {
        listening: () => (isListening ? undefined : "the ports are not bound yet"),
        draining: () => (drain.isDraining() ? "the sidecar is stopping" : undefined),
      },
    },
    metrics: () => recorder.expose() + exposeState({ budget, side, policy, nowMs: Date.now() }),
    appProbes: options.appProbes,
    health: () => side.publisher.current().health,
  });
  addPolicyDetail(admin, policy.current);
  let watch: FolderWatch | undefined;

  const start = async (): Promise<Bound> => {
    const ports: number[] = [];
    for (const listener of [
      { app: door, addresses: options.listen, flag: "listen" },
      { app: control, addresses: options.control, flag: "control" },
      { app: admin, addresses: options.admin, flag: "admin" },
    ]) {
      const bound = await listenAll(listener);
      if (!bound.ok) return bound;
      ports.push(bound.port);
    }
    isListening = true;
    const [dataPort = 0, controlPort, adminPort] = ports;
    logger.info({ server, dataPort, controlPort, adminPort, policy: policy.current().hash }, "listening");
    watch = watchPolicy(options, logger, side.applyPolicy);
    side.catalogue.start();
    side.health.start();
    return { ok: true, port: dataPort };
  };
  const stopSteps: ShutdownStep[] = [
    { name: "drain", run: () => drain.start(options.drainMs) },
    { name: "policy", run: () => watch?.close() },
    { name: "health", run: side.health.close },
    { name: "catalogue", run: side.catalogue.close },
    { name: "door", run: () => door.close() },
    { name: "upstream", run: side.upstream.close },
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
