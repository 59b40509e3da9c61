/** The admin port: health for the kubelet and metrics for Prometheus. What healthy means is decided by the checks passed in. */
import type { AppProbe, StdioProbe } from "@outrigger/api/app-probe";
import type { Health } from "@outrigger/api/feed";
import { addHealthRoutes, type HealthChecks } from "@outrigger/runtime/health";
import { judgeStdio, runAppProbe } from "../probe/app-probe.ts";
import { fastify, type FastifyInstance } from "fastify";

/** What the admin port shows. `metrics` gives the text exposition of now. */
export interface AdminOptions {
  readonly checks: HealthChecks;
  readonly metrics: () => string;
  /** The server's own probes and hooks, by the path under which the kubelet asks for them here. */
  readonly appProbes: ReadonlyMap<string, AppProbe | StdioProbe>;
  /** How the server is now. */
  readonly health: () => Health;
}

/** Creates the app; the caller listens and closes. Source: Prometheus text exposition format 0.0.4. */
export function createAdminApp(options: AdminOptions): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });
  addHealthRoutes(app, options.checks);
  app.get("/metrics", (_request, reply) =>
    reply.type("text/plain; version=0.0.4; charset=utf-8").send(options.metrics()),
  );
  for (const [path, probe] of options.appProbes) {
    app.get(path, async (_request, reply) => {
      const problem = probe.kind === "stdio" ? judgeStdio(options.health()) : await runAppProbe(probe);
      return reply
        .code(problem === undefined ? 200 : 503)
        .send({ ok: problem === undefined, message: problem ?? "ok" });
    });
  }
  return app;
}
