import { createAuthority, splitPem } from "@outrigger/certs";
import { expect, it } from "vitest";
import { readOperatorSettings } from "./settings.ts";

const read = (argv: readonly string[], env: Record<string, string> = {}) =>
  readOperatorSettings({ argv, env, host: "operator-1" });

it("needs nothing in a cluster, and admits its own programs by their labels", () => {
  const settings = read([]);
  expect(settings).toMatchObject({
    ok: true,
    settings: { kube: { mode: "in-cluster" }, identity: "operator-1", registration: undefined, isolation: "enabled" },
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
      registration: { source: "self", secret: "o-webhook-ca", configuration: "o" },
      peers: { clients: [{ podSelector: {} }] },
      probeInterval: 300_000,
    },
  });
});

it("is limited to namespaces, and then keeps no webhook configuration, which no Role could let it", () => {
  const env = { OUTRIGGER_NAMESPACES: "tools,search" };
  expect(read([], env)).toMatchObject({
    ok: true,
    settings: { namespaces: ["tools", "search"], registration: undefined },
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

it("takes certificates that API servers shall trust, where they can be read", async () => {
  const authority = await createAuthority({
    commonName: "Given",
    nowMs: Date.now(),
    lifetimeMs: 60_000,
    keyBits: 2048,
  });
  const keep = (text: string) => read(["--webhook-configuration", "o", "--ca-bundle", text]);
  const [pem = ""] = splitPem(authority.certificatePem);
  expect(keep(`# ours\n${pem}`)).toMatchObject({
    ok: true,
    settings: { registration: { source: "files", configuration: "o", trusted: [pem] } },
  });
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  for (const text of ["", "abc", broken, pem + broken]) expect(keep(text), text).toMatchObject({ ok: false });
  const both = read(["--webhook-configuration", "o", "--ca-bundle", pem, "--ca-secret", "x"]);
  expect(both).toMatchObject({ ok: false, problems: [/--ca-secret goes without --ca-bundle/] });
  expect(read(["--ca-bundle", pem])).toMatchObject({ ok: false, problems: [/go together/] });
});

it("lets servers sleep only where they can be woken, at the word of the release's own aggregator or of who is named", () => {
  const sleepOf = (argv: readonly string[], env: Record<string, string> = {}) => {
    const settings = read(argv, env);
    return settings.ok ? settings.settings.sleep : settings.problems;
  };
  expect(sleepOf([])).toBeUndefined();
  expect(sleepOf(["--wake", "0.0.0.0:8082", "--namespace", "mcp"])).toEqual({
    listen: { host: "0.0.0.0", port: 8_082 },
    wakers: [{ namespace: "mcp", name: "outrigger-aggregator" }],
  });
  const env = { OUTRIGGER_WAKE: "[::]:8082", OUTRIGGER_WAKERS: "mcp/one, mcp/two" };
  expect(sleepOf([], env)).toMatchObject({
    wakers: [
      { namespace: "mcp", name: "one" },
      { namespace: "mcp", name: "two" },
    ],
  });
  for (const wrong of ["one", "mcp/one/two", "mcp/", "MCP/one"])
    expect(sleepOf(["--wakers", wrong])).toMatchObject([/NAMESPACE\/NAME/]);
});
