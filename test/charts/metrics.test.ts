/** Alerts and monitors against the metrics that programs have. */
import { describe, expect, it } from "vitest";
import { keys } from "@outrigger/api/keys";
import { createMetrics } from "@outrigger/runtime/metrics";
import { createOperatorMetrics } from "../../operator/src/metrics.ts";
import { createWebhookMetrics } from "../../webhook/src/server/metrics.ts";
import { readChartCases } from "./golden.ts";
import { findObject, renderObjects, type RenderedObject } from "./render.ts";

const { values } = readChartCases().find(({ name }) => name === "monitors")!;
const objects = await renderObjects(values);

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string };
}

const alerts = (
  findObject(objects, "PrometheusRule", "outrigger")["spec"] as { groups: { rules: Alert[] }[] }
).groups.flatMap(({ rules }) => rules);

async function listMetrics(): Promise<string> {
  const webhook = createMetrics({ component: "webhook", version: "0" });
  const operator = createMetrics({ component: "operator", version: "0" });
  createWebhookMetrics(webhook);
  // Reasons come with the first probe.
  createOperatorMetrics(operator).showEnforced(
    new Map([["", { status: "False", reason: "BypassReachable", pods: 1 }]]),
  );
  return (await webhook.expose()) + (await operator.expose());
}

describe("alerts", () => {
  it.each(alerts)("$alert asks for metrics and labels that there are (F-167)", async ({ expr }) => {
    const known = await listMetrics();
    const named = [...expr.matchAll(/(outrigger_\w+)(?:\{(\w+)="(\w+)"\})?/g)];
    expect(named.length).toBeGreaterThan(0);
    for (const [, name = "", label, value] of named) {
      expect(known).toContain(`# TYPE ${name} `);
      if (label !== undefined) expect(known).toMatch(new RegExp(`^${name}\\{.*${label}="${value ?? ""}"`, "m"));
    }
  });

  it("say in a sentence what is wrong", () => {
    for (const { annotations } of alerts) expect(annotations.summary).toMatch(/^[A-Z].*\.$/);
  });
});

describe("monitors", () => {
  it("find the port of metrics of every program, and of no Service for clients (F-167)", () => {
    const monitor = findObject(objects, "ServiceMonitor", "outrigger")["spec"] as {
      readonly endpoints: readonly { readonly port: string }[];
    };
    const [port] = monitor.endpoints.map((endpoint) => endpoint.port);
    const withPort = objects.filter(
      ({ kind, spec }) =>
        kind === "Service" && (spec as { ports: { name: string }[] }).ports.some(({ name }) => name === port),
    );
    const nameOf = ({ metadata }: RenderedObject): string => metadata.name;
    expect(withPort.map(nameOf).sort()).toEqual(
      ["aggregator", "operator", "webhook"].map((program) => `outrigger-${program}-metrics`),
    );
  });

  it("find sidecars by the label that injection sets", () => {
    expect(findObject(objects, "PodMonitor", "outrigger-sidecars")["spec"]).toMatchObject({
      namespaceSelector: { any: true },
      selector: { matchLabels: { [keys.injected.key]: "true" } },
    });
  });

  it("are off where nobody asks for them", async () => {
    const kinds = (await renderObjects()).map(({ kind }) => kind);
    expect(kinds).not.toEqual(expect.arrayContaining([expect.stringMatching(/Monitor|PrometheusRule/)]));
  });
});
