/** Every reason that the webhook can give, in every place where somebody may look for it: the golden cases are the ways to each. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { toMetricLabel, type Reason } from "@outrigger/api/reasons";
import { createLogger } from "@outrigger/runtime/logger";
import { createMetrics } from "@outrigger/runtime/metrics";
import { describe, expect, it } from "vitest";
import { readRefusal } from "../../operator/src/events/read-refusal.ts";
import { findNews } from "../../operator/src/events/reconcile.ts";
import { applyPatch } from "../../webhook/src/fixtures/apply.ts";
import { readGoldenCases, runCase, type GoldenCase } from "../../webhook/src/fixtures/golden.ts";
import { denyCodes, injectReasons, skipReasons } from "../../webhook/src/inject/outcome.ts";
import { createWebhookMetrics } from "../../webhook/src/server/metrics.ts";
import { createReviewer } from "../../webhook/src/server/review.ts";
import { reviewOf } from "./webhook-process.ts";

const place = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const golden = readGoldenCases(place("webhook/src/inject/testdata"));
const page = readFileSync(place("docs/reference/reasons.md"), "utf8");

/** Cases that lead to a reason, the pods of some in a second round. */
const ways = new Map<string, GoldenCase>();
for (const each of golden) {
  const admission = runCase(each);
  const reasons = admission.action === "deny" ? admission.problems.map(({ reason }) => reason) : [admission.reason];
  for (const reason of reasons) if (!ways.has(reason)) ways.set(reason, each);
  if (admission.action !== "inject" || ways.has("AlreadyInjected")) continue;
  const pod = applyPatch(each.request.pod, admission.patch);
  ways.set("AlreadyInjected", { ...each, request: { ...each.request, pod } });
}

/** What the webhook answers in a case, and what it leaves in its log and its metrics. */
async function ask({ request, around, config }: GoldenCase) {
  const lines: string[] = [];
  const registry = createMetrics({ component: "webhook", version: "0.0.0" });
  const review = createReviewer({
    config: () => config,
    namespaces: { find: () => Promise.resolve(around.namespace) },
    installation: { find: () => around.installation },
    metrics: createWebhookMetrics(registry),
    logger: createLogger({
      component: "webhook",
      version: "0.0.0",
      destination: { write: (text) => void lines.push(text) },
    }),
    nowMs: () => 0,
  });
  const { operation, kind, subResource, namespace, userGroups } = request;
  const change = { operation, kind, subResource, namespace, userInfo: { groups: userGroups } };
  const reviewed = await review(Buffer.from(reviewOf(request.pod, change)), request.scope);
  if (!reviewed.ok) throw new Error(reviewed.problem);
  const { response } = reviewed.answer;
  return { response, log: JSON.parse(lines.at(-1) ?? "") as object, metrics: await registry.expose() };
}

/** The Event that tells the owner, made of what a controller writes when its pod is refused. */
function eventOf(message: string) {
  const note = `Error creating: admission webhook "pod.inject.outrigger.dev" denied the request: ${message}`;
  const at = "2026-11-22T10:00:00Z";
  const regarding = { kind: "ReplicaSet", name: "search-1", namespace: "tools", uid: "r" };
  const refusal = readRefusal({ metadata: { uid: "e", creationTimestamp: at }, regarding, note });
  const observed = { pods: [], missed: [], namespaces: [], system: new Set<string>(), sinceMs: 0 };
  return findNews({ ...observed, refusals: refusal === undefined ? [] : [refusal] })[0];
}

const expected: readonly (readonly [reason: Reason, action: string])[] = [
  ...skipReasons.map((reason) => [reason, "skip"] as const),
  ...injectReasons.map((reason) => [reason, "inject"] as const),
  // The keys of the table of status codes are reasons.
  ...(Object.keys(denyCodes) as (keyof typeof denyCodes)[]).map((reason) => [reason, "deny"] as const),
];

describe("reasons", () => {
  it.each(expected)(
    "F-224 %s is told by the answer, the audit annotation, the metric, the log, the event and the page",
    async (reason, action) => {
      const { response, log, metrics } = await ask(ways.get(reason) ?? expect.fail("no golden case leads to it"));
      // Beside others it may not be the first of a denial.
      const first = response.auditAnnotations.reason as Reason;
      expect(response.auditAnnotations.decision).toBe(action);
      expect(response.allowed).toBe(action !== "deny");
      expect(log).toMatchObject({ msg: "admission decided", action, reason: first });
      expect(metrics).toContain(`injections_total{action="${action}",reason="${toMetricLabel(first)}"} 1`);
      expect(metrics).toContain(`injections_total{action="${action}",reason="${toMetricLabel(reason)}"} `);
      expect(page.includes(`\`${reason}\``), "docs/reference/reasons.md").toBe(true);
      if (action !== "deny") {
        expect(first).toBe(reason);
        return;
      }
      expect(response.status).toMatchObject({ reason: first, code: denyCodes[first as keyof typeof denyCodes] });
      expect(response.status?.message).toContain(`[${reason}]`);
      const event = eventOf(response.status?.message ?? "");
      expect(event).toMatchObject({ reason: "InjectionRefused", type: "Warning" });
      expect(event?.action).toContain(reason);
      expect(event?.note).toContain(`[${reason}]`);
    },
  );
});
