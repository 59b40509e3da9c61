import { expect, it } from "vitest";
import { readOperatorSettings } from "./settings.ts";

const read = (argv: readonly string[], env: Record<string, string> = {}) =>
  readOperatorSettings({ argv, env, host: "operator-1" });

it("needs nothing in a cluster, and admits its own programs by their labels", () => {
  const settings = read([]);
  expect(settings).toMatchObject({
    ok: true,
    settings: { kube: { mode: "in-cluster" }, identity: "operator-1", authority: undefined, isolation: "enabled" },
  });
  expect(settings.ok && settings.settings.peers.aggregators).toEqual([
    {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "outrigger-system" } },
      podSelector: { matchLabels: { "app.kubernetes.io/component": "aggregator" } },
    },
  ]);
});

it("takes what the chart gives by environment", () => {
  const env = {
    OUTRIGGER_NAMESPACE: "mcp",
    OUTRIGGER_SYSTEM_NAMESPACES: "monitoring, logging",
    OUTRIGGER_CA_SECRET: "o-webhook-ca",
    OUTRIGGER_WEBHOOK_CONFIGURATION: "o",
    OUTRIGGER_CLIENTS: '[{"podSelector":{}}]',
    OUTRIGGER_PROBE_INTERVAL: "5m",
  };
  expect(read([], env)).toMatchObject({
    ok: true,
    settings: {
      namespace: "mcp",
      namespaces: [],
      systemNamespaces: ["monitoring", "logging"],
      authority: { secret: "o-webhook-ca", configuration: "o" },
      peers: { clients: [{ podSelector: {} }] },
      probeInterval: 300_000,
    },
  });
});

it("is limited to namespaces, and then keeps no webhook configuration, which no Role could let it", () => {
  const env = { OUTRIGGER_NAMESPACES: "tools,search" };
  expect(read([], env)).toMatchObject({
    ok: true,
    settings: { namespaces: ["tools", "search"], authority: undefined },
  });
  const both = read(["--ca-secret", "x", "--webhook-configuration", "y"], env);
  expect(both).toMatchObject({ ok: false, problems: [/goes without --namespaces/] });
});

it("reports every problem at once", () => {
  const wrong = read(["--clients", "[{}]", "--isolation", "maybe", "--ca-lifetime", "0s", "--lease", "A B"]);
  expect(wrong).toMatchObject({ ok: false, problems: { length: 4 } });
});

it("refuses what does not go together", () => {
  expect(read(["--ca-secret", "x"])).toMatchObject({ ok: false, problems: [/go together/] });
  expect(read(["--renew-time", "20s"])).toMatchObject({ ok: false, problems: [/shorter/] });
});
