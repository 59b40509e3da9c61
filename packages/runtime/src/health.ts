/** Health of a process: named checks behind /livez, /readyz and /startupz. Liveness never depends on anything else. */
import type { FastifyInstance } from "fastify";

/** One check: undefined where it holds, else one sentence that says what is missing. */
export type HealthCheck = () => string | undefined;

/** The checks of a program by name. */
export interface HealthChecks {
  readonly ready: Readonly<Record<string, HealthCheck>>;
  readonly started: Readonly<Record<string, HealthCheck>>;
}

/** Outcome of all checks of one kind. */
export interface HealthReport {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly message: string }[];
}

/** Runs checks. A check that throws has failed. */
export function reportHealth(checks: Readonly<Record<string, HealthCheck>>): HealthReport {
  const results = Object.entries(checks).map(([name, check]) => {
    const message = runCheck(check);
    return { name, ok: message === undefined, message: message ?? "ok" };
  });
  return { ok: results.every((result) => result.ok), checks: results };
}

function runCheck(check: HealthCheck): string | undefined {
  try {
    return check();
  } catch (error) {
    return `the check itself failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Of the checks those that `?exclude=NAME`, once or more often, does not name. */
function leaveOut(checks: HealthChecks["ready"], url: string): HealthChecks["ready"] {
  const excluded = new URLSearchParams(url.split("?", 2)[1] ?? "").getAll("exclude");
  return Object.fromEntries(Object.entries(checks).filter(([name]) => !excluded.includes(name)));
}

/** The report behind a path of health, as `url` asks for it; undefined where the path is none. Its status is 200 or 503. */
export function answerHealth(checks: HealthChecks, url: string): HealthReport | undefined {
  switch (url.split("?", 1)[0]) {
    case "/livez":
    case "/healthz":
      return { ok: true, checks: [] };
    case "/readyz":
      return reportHealth(leaveOut(checks.ready, url));
    case "/startupz":
      return reportHealth(checks.started);
    default:
      return undefined;
  }
}

/** The paths of health. */
export const healthPaths: readonly string[] = ["/livez", "/healthz", "/readyz", "/startupz"];

/**
 * Adds /livez, /healthz (the same), /readyz and /startupz; 200 or 503, with every check in the body. `details`: lines for
 * `/readyz?verbose` that make nothing unready.
 */
export function addHealthRoutes(
  app: FastifyInstance,
  checks: HealthChecks,
  details: () => HealthReport["checks"] = () => [],
): void {
  for (const path of healthPaths) {
    app.get(path, (request, reply) => {
      const report = answerHealth(checks, request.url) ?? { ok: false, checks: [] };
      const isVerbose = new URLSearchParams(request.url.split("?", 2)[1] ?? "").has("verbose");
      const shown = isVerbose ? { ...report, checks: [...report.checks, ...details()] } : report;
      return reply.code(report.ok ? 200 : 503).send(shown);
    });
  }
}
