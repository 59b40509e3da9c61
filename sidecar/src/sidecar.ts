/** Puts the two sides together: the door for clients, the server's side, control and admin ports; starts and stops them in order. */
import { createLimitState } from "@outrigger/policy";
import type { Logger } from "@outrigger/runtime/logger";
import type { ShutdownStep } from "@outrigger/runtime/shutdown";
import { watchFile, type FileWatch } from "./bundle/watch-file.ts";
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
    metrics: () => recorder.expose() + exposeState({ budget, side, policy: policy.current(), nowMs: Date.now() }),
    appProbes: options.appProbes,
  });
  let watch: FileWatch | undefined;

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
    watch = watchPolicy(options, logger);
    policy.onChange(side.applyPolicy);
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

/** A changed policy file is in force at once; a broken one is told and changes nothing. */
function watchPolicy({ policy, policyFile }: SidecarOptions, logger: Logger): FileWatch | undefined {
  if (policyFile === undefined) return undefined;
  return watchFile(policyFile.path, policyFile.text, (text) => {
    const problems = policy.replace(text);
    const { hash, reason } = policy.current();
    if (problems.length > 0)
      logger.error({ reason, problems, policy: hash }, "policy refused, the last good one stays");
    else logger.info({ reason, policy: hash }, "policy in force");
  });
}
