/** Health and metrics on plain HTTP, on a port of their own. */
import { fastify, type FastifyInstance } from "fastify";
import { addHealthRoutes, type HealthChecks } from "@outrigger/runtime/health";
import type { Metrics } from "@outrigger/runtime/metrics";

/** Creates the admin server: /livez, /healthz, /readyz, /startupz, /metrics. */
export function createAdminApp(checks: HealthChecks, metrics: Metrics): FastifyInstance {
  const app = fastify({ forceCloseConnections: true });
  addHealthRoutes(app, checks);
  app.get("/metrics", async (_request, reply) => reply.type(metrics.contentType).send(await metrics.expose()));
  return app;
}
