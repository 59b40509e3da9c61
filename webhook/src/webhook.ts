/** The webhook as a whole: two servers over one set of inputs, started and stopped in order. Reads no process state. */
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { checkPair, type CertificateSource } from "@outrigger/certs";
import type { HealthCheck } from "@outrigger/runtime/health";
import type { Logger } from "@outrigger/runtime/logger";
import { createMetrics } from "@outrigger/runtime/metrics";
import type { ShutdownStep } from "@outrigger/runtime/shutdown";
import { version } from "./inject/config.ts";
import type { InputReports, Inputs, Values } from "./inputs/inputs.ts";
import { openInputs } from "./inputs/open.ts";
import { createAdminApp } from "./server/admin.ts";
import { createWebhookApp, serveCertificate } from "./server/app.ts";
import { createWebhookMetrics, type WebhookMetrics } from "./server/metrics.ts";
import { createReviewer } from "./server/review.ts";
import { createValidator } from "./server/validate.ts";

/** A webhook that answers for its health. Ports are what it really listens on. */
export interface Webhook {
  readonly adminPort: number;
  /** Listens for the API server, once there is a certificate, for which it may have to wait. Gives the port. */
  readonly serve: () => Promise<Outcome<{ readonly tlsPort: number }>>;
  /** Stops it, whether it serves already or still waits. */
  readonly stopSteps: readonly ShutdownStep[];
}

/** Why there is no webhook: settings that are wrong, or an address that can't be had. */
export interface StartFailure {
  readonly code: "OUTRIGGER_ERR_CONFIG_INVALID" | "OUTRIGGER_ERR_PORT_TAKEN" | "OUTRIGGER_ERR_START_FAILED";
  readonly problems: readonly string[];
}

type Outcome<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly failure: StartFailure };

/** How long requests that are under way may take after listening has ended. The API server gives up sooner. */
export const finishMs = 10_000;

/** What changes while the webhook runs. */
interface State {
  isStopping: boolean;
  app?: ReturnType<typeof createWebhookApp>;
  certificates?: CertificateSource;
}

/** Opens the inputs and answers for health. */
export async function openWebhook(values: Values, logger: Logger): Promise<Outcome<{ readonly webhook: Webhook }>> {
  const registry = createMetrics({ component: "webhook", version });
  const metrics = createWebhookMetrics(registry);
  const opened = await openInputs(values, createReports(metrics, logger));
  if (!opened.ok) return { ok: false, failure: { code: "OUTRIGGER_ERR_CONFIG_INVALID", problems: opened.problems } };
  const { inputs } = opened;
  const state: State = { isStopping: false };
  // What readiness waits for is not to be had by a restart, so starting is over at once.
  const admin = createAdminApp({ ready: createReadyChecks(inputs, state), started: {} }, registry);
  const failure = await listen(admin, values.admin);
  if (failure !== undefined) {
    await inputs.close();
    return { ok: false, failure };
  }
  const serve: Webhook["serve"] = async () => {
    const certificates = await inputs.certificates;
    const nowMs = (): number => performance.now();
    const deps = { ...inputs, metrics, logger, nowMs };
    const answerers = { review: createReviewer(deps), validate: createValidator(deps) };
    const app = createWebhookApp(certificates.current(), answerers, () => state.isStopping);
    Object.assign(state, { app, certificates });
    serveNewCertificates(app, certificates, { metrics, logger });
    const taken = await listen(app, values.listen);
    return taken === undefined ? { ok: true, tlsPort: portOf(app) } : { ok: false, failure: taken };
  };
  const stopSteps: ShutdownStep[] = [
    { name: "unready", run: () => void (state.isStopping = true) },
    // Endpoints forget us in the meantime; connections that stand end with their next answer.
    { name: "wait", run: () => (state.app === undefined ? undefined : delay(values.shutdownDelayMs)) },
    { name: "finish requests", run: () => state.app?.close() },
    { name: "close admin", run: () => admin.close() },
    { name: "close inputs", run: () => inputs.close() },
  ];
  return { ok: true, webhook: { adminPort: portOf(admin), serve, stopSteps } };
}

function createReports(metrics: WebhookMetrics, logger: Logger): InputReports {
  return {
    onReload: (subject, problem) => {
      metrics.countReload(subject, problem === undefined ? "taken" : "refused");
      if (problem === undefined) logger.info({ subject }, "read again");
      else logger.warn({ subject, problem }, "not taken: the last good one stays");
    },
    onWatchFailure: (subject, problem) => {
      metrics.countWatchFailure(subject);
      logger.warn({ subject, problem }, "can't watch: what is known stays");
    },
    onFault: (error) => logger.error({ err: error }, "a watch met a fault"),
    onTrust: metrics.setCaBundle,
    onLate: (note) => logger.warn({ reason: "CertificateEnding" }, note),
    onUntold: (problem) => logger.warn({ problem }, "an Event could not be written"),
  };
}

function createReadyChecks(inputs: Inputs, state: State): Record<string, HealthCheck> {
  return {
    serving: () => {
      if (state.isStopping) return "the webhook is stopping";
      return state.app?.server.listening === true ? undefined : "the webhook does not listen yet";
    },
    certificate: () => {
      if (state.certificates === undefined) return "there is no certificate yet";
      const checked = checkPair(state.certificates.current(), Date.now());
      return checked.ok ? undefined : checked.problem;
    },
    ...inputs.checks,
  };
}

function serveNewCertificates(
  app: ReturnType<typeof createWebhookApp>,
  certificates: CertificateSource,
  { metrics, logger }: { readonly metrics: WebhookMetrics; readonly logger: Logger },
): void {
  const publishExpiry = (): void => {
    const checked = checkPair(certificates.current(), Date.now());
    if (checked.ok) metrics.setCertificateExpiry(checked.notAfterMs);
  };
  publishExpiry();
  certificates.onChange((certificate) => {
    serveCertificate(app, certificate);
    publishExpiry();
    metrics.countReload("certificate", "taken");
    logger.info("serving a new certificate");
  });
}

async function listen(
  app: Pick<FastifyInstance, "listen">,
  address: { readonly host: string; readonly port: number },
): Promise<StartFailure | undefined> {
  try {
    await app.listen({ ...address });
    return undefined;
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const problem = `can't listen on ${address.host}:${address.port}: ${error instanceof Error ? error.message : String(error)}`;
    return { code: isTaken ? "OUTRIGGER_ERR_PORT_TAKEN" : "OUTRIGGER_ERR_START_FAILED", problems: [problem] };
  }
}

function portOf(app: Pick<FastifyInstance, "server">): number {
  const address = app.server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}
