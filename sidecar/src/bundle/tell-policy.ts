/** Tells in `/readyz?verbose` how policy is. A policy that is missing or refused never makes the sidecar unready: it does what it must. */
import type { HealthReport } from "@outrigger/runtime/health";
import type { FastifyInstance } from "fastify";
import type { PolicyInForce } from "./policy-in-force.ts";

/** Adds a line named `policy` to the verbose answer, with the reason and what is wrong; it always passes. */
export function addPolicyDetail(app: FastifyInstance, current: () => PolicyInForce): void {
  app.addHook<HealthReport>("preSerialization", (request, _reply, report) => {
    const [path, query = ""] = request.url.split("?", 2);
    if (path !== "/readyz" || !new URLSearchParams(query).has("verbose")) return Promise.resolve(report);
    const { reason, message } = current();
    const detail = { name: "policy", ok: true, message: `${reason}: ${message}` };
    return Promise.resolve({ ...report, checks: [...report.checks, detail] });
  });
}
