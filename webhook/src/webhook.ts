/** The webhook as a whole: two servers over one set of inputs, started and stopped in order. Reads no process state. */
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { checkPair } from "@outrigger/certs";
import type { Settings } from "@outrigger/runtime/config";
import type { HealthCheck } from "@outrigger/runtime/health";
import type { Logger } from "@outrigger/runtime/logger";
import { createMetrics } from "@outrigger/runtime/metrics";
import type { ShutdownStep } from "@outrigger/runtime/shutdown";
import { version } from "./inject/config.ts";
import { openInputs, type Inputs, type OnReload } from "./open.ts";
import { createAdminApp } from "./server/admin.ts";
import { createWebhookApp, serveCertificate } from "./server/app.ts";
import { createWebhookMetrics, type WebhookMetrics } from "./server/metrics.ts";
import { createReviewer } from "./server/review.ts";
import type { settingTable } from "./settings.ts";

type Values = Settings<typeof settingTable>["values"];

/** A running webhook. Ports are what it really listens on. */
export interface Webhook {
  readonly tlsPort: number;
  readonly adminPort: number;
  readonly stopSteps: readonly ShutdownStep[];
}

/** Why there is no webhook: settings that are wrong, or an address that can't be had. */
export interface StartFailure {
  readonly code: "OUTRIGGER_ERR_CONFIG_INVALID" | "OUTRIGGER_ERR_PORT_TAKEN" | "OUTRIGGER_ERR_START_FAILED";
  readonly problems: readonly string[];
}

/** How long requests that are under way may take after listening has ended. The API server gives up sooner. */
export const finishMs = 10_000;

/** Opens the inputs and listens. */
export async function startWebhook(
  values: Values,
  logger: Logger,
): Promise<{ readonly ok: true; readonly webhook: Webhook } | { readonly ok: false; readonly failure: StartFailure }> {
  const registry = createMetrics({ component: "webhook", version });
  const metrics = createWebhookMetrics(registry);
  const opened = await openInputs(values, createReloadReport(metrics, logger));
  if (!opened.ok) return { ok: false, failure: { code: "OUTRIGGER_ERR_CONFIG_INVALID", problems: opened.problems } };
  const { inputs } = opened;
  const nowMs = (): number => performance.now();
  const app = createWebhookApp(inputs.certificates.current(), createReviewer({ ...inputs, metrics, logger, nowMs }));
  const state = { isStopping: false };
  const ready = createReadyChecks(inputs, state);
  const admin = createAdminApp({ ready, started: ready }, registry);
  serveNewCertificates(app, inputs, { metrics, logger });
  const failure = (await listen(app, values.listen)) ?? (await listen(admin, values.admin));
  const stopSteps: ShutdownStep[] = [
    { name: "unready", run: () => void (state.isStopping = true) },
    // Endpoints forget us in the meantime.
    { name: "wait", run: () => delay(values.shutdownDelayMs) },
    { name: "finish requests", run: () => app.close() },
    { name: "close admin", run: () => admin.close() },
    { name: "close inputs", run: () => inputs.close() },
  ];
  if (failure !== undefined) {
    await Promise.all([app.close(), admin.close()]);
    inputs.close();
    return { ok: false, failure };
  }
  return { ok: true, webhook: { tlsPort: portOf(app), adminPort: portOf(admin), stopSteps } };
}

function createReloadReport(metrics: WebhookMetrics, logger: Logger): OnReload {
  return (subject, problem) => {
    metrics.countReload(subject, problem === undefined ? "taken" : "refused");
    if (problem === undefined) logger.info({ subject }, "read again");
    else logger.warn({ subject, problem }, "not taken: the last good one stays");
  };
}

function createReadyChecks(inputs: Inputs, state: { readonly isStopping: boolean }): Record<string, HealthCheck> {
  return {
    serving: () => (state.isStopping ? "the webhook is stopping" : undefined),
    certificate: () => {
      const checked = checkPair(inputs.certificates.current(), Date.now());
      return checked.ok ? undefined : checked.problem;
    },
  };
}

function serveNewCertificates(
  app: ReturnType<typeof createWebhookApp>,
  { certificates }: Inputs,
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
