/** Reviews without HTTP: faults of ours, and unknown namespaces. */
import { describe, expect, it } from "vitest";
import { createLogger } from "@outrigger/runtime/logger";
import { createMetrics } from "@outrigger/runtime/metrics";
import { defaultConfig } from "../inject/config.ts";
import { denyCodes, injectReasons, skipReasons, warnReasons } from "../inject/outcome.ts";
import { unsignedInstallation } from "./installation.ts";
import { createWebhookMetrics } from "./metrics.ts";
import type { NamespaceSource } from "./namespaces.ts";
import { createReviewer } from "./review.ts";

const pod = {
  metadata: { name: "search", labels: { "outrigger.dev/inject": "enabled" } },
  spec: { containers: [{ name: "app", ports: [{ containerPort: 8080 }] }] },
};
const kind = { group: "", version: "v1", kind: "Pod" };
const body = Buffer.from(
  JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { uid: "u-1", operation: "CREATE", namespace: "tools", kind, object: pod },
  }),
);

function createFixture(namespaces: NamespaceSource) {
  const lines: string[] = [];
  const registry = createMetrics({ component: "webhook", version: "0.0.0" });
  const review = createReviewer({
    config: () => defaultConfig,
    namespaces,
    installation: unsignedInstallation,
    metrics: createWebhookMetrics(registry),
    logger: createLogger({
      component: "webhook",
      version: "0.0.0",
      destination: { write: (line) => void lines.push(line) },
    }),
    nowMs: () => 0,
  });
  return { review, lines, expose: registry.expose };
}

describe("reviews", () => {
  it("answers a fault of ours with a denial that names the request, and goes on", async () => {
    let isBroken = true;
    const fixture = createFixture({
      find: () =>
        isBroken ? Promise.reject(new Error("cache on fire")) : Promise.resolve({ labels: {}, annotations: {} }),
    });
    const failed = await fixture.review(body, "pod");
    expect(failed).toMatchObject({
      ok: true,
      answer: {
        response: {
          uid: "u-1",
          allowed: false,
          status: { code: 500, reason: "Internal" },
          auditAnnotations: { decision: "error" },
        },
      },
    });
    expect(JSON.stringify(failed)).toContain("under request u-1");
    expect(JSON.stringify(failed)).not.toContain("cache on fire");
    expect(fixture.lines.join("")).toContain("cache on fire");
    expect(await fixture.expose()).toContain('injections_total{action="error",reason="internal"} 1');
    isBroken = false;
    expect(await fixture.review(body, "pod")).toMatchObject({ answer: { response: { allowed: true } } });
  });

  it("refuses a pod whose namespace is not known", async () => {
    const fixture = createFixture({ find: () => Promise.resolve(undefined) });
    expect(await fixture.review(body, "pod")).toMatchObject({
      answer: { response: { allowed: false, status: { code: 503, reason: "NamespaceNotSynced" } } },
    });
  });

  it("counts what is no review as malformed, on its path", async () => {
    const fixture = createFixture({ find: () => Promise.resolve(undefined) });
    expect(await fixture.review(Buffer.from("{"), "enforced")).toMatchObject({ ok: false });
    expect(await fixture.expose()).toContain('requests_total{scope="enforced",result="malformed"} 1');
  });

  it("starts every reason at zero", async () => {
    const text = await createFixture({ find: () => Promise.resolve(undefined) }).expose();
    const samples = text.split("\n").filter((line) => line.startsWith("outrigger_webhook_injections_total{"));
    const internal = 1;
    const reasons = [...skipReasons, ...injectReasons, ...Object.keys(denyCodes)];
    expect(samples).toHaveLength(reasons.length + internal);
    expect(samples.every((line) => line.endsWith(" 0"))).toBe(true);
    const warnings = text.split("\n").filter((line) => line.startsWith("outrigger_webhook_injection_warnings_total{"));
    expect(warnings.map((line) => line.endsWith(" 0"))).toEqual(warnReasons.map(() => true));
  });
});
