/** What helm says after an installation: the next three commands, and what may surprise. */
import { describe, expect, it } from "vitest";
import type { Values } from "../../charts/values/node.ts";
import { readChartCases } from "./golden.ts";
import { renderNotes } from "./render.ts";

const valuesOf = (wanted: string): Values => readChartCases().find(({ name }) => name === wanted)!.values;
const limited = valuesOf("namespaces");
const unsigned = valuesOf("without-operator");
const listing = { aggregator: { serverLists: [{ namespace: "partners", name: "servers" }] } };
const monitored = { metrics: { podMonitor: { enabled: true } } };

describe("notes", () => {
  it("name the next three commands and the endpoint", async () => {
    const notes = await renderNotes({});
    expect(notes.split("\n").filter((line) => line.startsWith("  kubectl "))).toEqual([
      "  kubectl label namespace NAMESPACE outrigger.dev/inject=enabled",
      "  kubectl rollout restart deployment --namespace NAMESPACE",
      "  kubectl port-forward --namespace outrigger-system service/outrigger-aggregator 7777:80",
    ]);
    expect(notes).toContain("http://127.0.0.1:7777/mcp");
    expect(notes).toContain("Certificates: self.");
  });

  it("name a namespace where the installation is limited to some", async () => {
    expect(await renderNotes(limited)).toContain("kubectl label namespace tools outrigger.dev/inject=enabled");
  });

  it.each<[string, Values, string]>([
    ["one webhook under Fail", { webhook: { replicas: 1 } }, "Set webhook.replicas=2"],
    ["pods that start unguarded", { webhook: { failurePolicy: "Ignore" } }, "nothing guards them"],
    ["missing admission policies", { admissionPolicies: { enabled: false } }, "Without admission policies"],
    ["missing network policies", { networkPolicies: { sidecars: false } }, "networkPolicies.sidecars is off"],
    ["a missing operator", unsigned, "Without the operator no network policy"],
    ["annotations that nobody reads", unsigned, "those of namespaces are not read"],
    ["namespaces that are left alone", limited, "Limited to tools, search: labelled pods elsewhere are left alone."],
    ["an endpoint that is open to all", {}, "Choose a method, or set networkPolicies.clients"],
    [
      "credentials on plain HTTP",
      { aggregator: { auth: { methods: ["service-account"] } } },
      "Credentials of callers come",
    ],
    ["lists that say what is dialled", listing, "Whoever may write ConfigMap partners/servers says which addresses"],
    ["metrics that nobody reaches", monitored, "set networkPolicies.monitoring"],
  ])("warn of %s", async (_what, values, warning) => {
    expect(await renderNotes(values)).toContain(warning);
  });

  it("F-150 say at each installation that nobody is asked who they are, unless somebody is", async () => {
    const clients = [{ podSelector: { matchLabels: { role: "client" } } }];
    const open = await renderNotes({ networkPolicies: { clients } });
    expect(open).toContain("aggregator.auth.methods is none: everybody");
    const tls = { auth: { methods: ["service-account"] }, tlsSecret: "endpoint-tls" };
    const closed = await renderNotes({ aggregator: tls });
    expect(closed).not.toMatch(/methods is none|plain HTTP/);
    expect(closed).toContain("https://127.0.0.1:7777/mcp");
  });

  it("do not warn of what is in order", async () => {
    const clients = [{ podSelector: { matchLabels: { role: "client" } } }];
    const notes = await renderNotes({ ...monitored, networkPolicies: { clients, monitoring: clients } });
    expect(notes).not.toMatch(/networkPolicies|webhook\.replicas|Without/);
  });

  it("say that a shared namespace is not injected", async () => {
    expect(await renderNotes({}, "default")).toContain("Nothing is injected in namespace default");
  });
});
