/** The admin port: health for the kubelet and metrics for Prometheus. What healthy means is decided by the checks passed in. */
import type { ServerResponse } from "node:http";
import type { AppProbeEntry } from "@outrigger/api/app-probe";
import type { Health } from "@outrigger/api/feed";
import { addHealthRoutes, type HealthChecks } from "@outrigger/runtime/health";
import { judgeStdio, runAppProbe, type AppHealth } from "../probe/app-probe.ts";
import { fastify, type FastifyInstance } from "fastify";

/** What the admin port shows. `metrics` gives the text exposition of now. */
export interface AdminOptions {
  readonly checks: HealthChecks;
  readonly metrics: () => string;
  /** The server's own probes and hooks, by the path under which the kubelet asks for them here. */
  readonly appProbes: ReadonlyMap<string, AppProbeEntry>;
  /** Seconds that an answer to the hook before a stop may wait, by path; what else stands at its path runs after the wait. */
  readonly stopHooks: ReadonlyMap<string, number>;
  /** How the server is now. */
  readonly health: () => Health;
  /** Waits until the server may be told to stop, at most so many ms; `signal` aborts when nobody waits for it any more. */
  readonly beforeStop: (limitMs: number, signal: AbortSignal) => Promise<void>;
}

/** Creates the app; the caller listens and closes. Source: Prometheus text exposition format 0.0.4. */
export function createAdminApp(options: AdminOptions): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });
  addHealthRoutes(app, options.checks);
  app.get("/metrics", (_request, reply) =>
    reply.type("text/plain; version=0.0.4; charset=utf-8").send(options.metrics()),
  );
  for (const path of new Set([...options.appProbes.keys(), ...options.stopHooks.keys()])) {
    app.get(path, { exposeHeadRoute: false }, async (_request, reply) => {
      const problem = await ask(path, options, whenLeft(reply.raw));
      return reply
        .code(problem === undefined ? 200 : 503)
        .send({ ok: problem === undefined, message: problem ?? "ok" });
    });
  }
  return app;
}

async function ask(path: string, options: AdminOptions, signal: AbortSignal): Promise<AppHealth> {
  const limitSeconds = options.stopHooks.get(path);
  if (limitSeconds !== undefined) await options.beforeStop(limitSeconds * 1_000, signal);
  const probe = options.appProbes.get(path);
  if (probe?.kind === "stdio") return judgeStdio(options.health());
  return probe === undefined ? undefined : runAppProbe(probe);
}

/** Aborts when the one who asks has gone, or has its answer. */
function whenLeft(response: ServerResponse): AbortSignal {
  const left = new AbortController();
  response.once("close", () => left.abort());
  return left.signal;
}
