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
    OUTRIGGER_CA_SECRET: "o-webhook-ca",
    OUTRIGGER_WEBHOOK_CONFIGURATION: "o",
    OUTRIGGER_CLIENTS: '[{"podSelector":{}}]',
    OUTRIGGER_PROBE_INTERVAL: "5m",
  };
  expect(read([], env)).toMatchObject({
    ok: true,
    settings: {
      namespace: "mcp",
      authority: { secret: "o-webhook-ca", configuration: "o" },
      peers: { clients: [{ podSelector: {} }] },
      probeInterval: 300_000,
    },
  });
});

it("reports every problem at once", () => {
  const wrong = read(["--clients", "[{}]", "--isolation", "maybe", "--ca-lifetime", "0s", "--lease", "A B"]);
  expect(wrong).toMatchObject({ ok: false, problems: { length: 4 } });
});

it("refuses what does not go together", () => {
  expect(read(["--ca-secret", "x"])).toMatchObject({ ok: false, problems: [/go together/] });
  expect(read(["--renew-time", "20s"])).toMatchObject({ ok: false, problems: [/shorter/] });
});
