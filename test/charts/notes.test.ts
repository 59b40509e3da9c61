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
    [
      "callers that are told of and not asked",
      { aggregator: { assertions: true } },
      "aggregator.assertions tells sidecars who calls, and nobody is asked",
    ],
    [
      "callers that are asked and not told of",
      { aggregator: { auth: { methods: ["service-account"] } } },
      "aggregator.assertions is off, so sidecars do not hear who calls",
    ],
    ["sessions that end with their replica", unsigned, "Set aggregator.sessionKeysSecret."],
    ["lists that say what is dialled", listing, "Whoever may write ConfigMap partners/servers says which addresses"],
    ["metrics that nobody reaches", monitored, "set networkPolicies.monitoring"],
  ])("warn of %s", async (_what, values, warning) => {
    expect(await renderNotes(values)).toContain(warning);
  });

  it("F-150 say at each installation that nobody is asked who they are, unless somebody is", async () => {
    const clients = [{ podSelector: { matchLabels: { role: "client" } } }];
    const open = await renderNotes({ networkPolicies: { clients } });
    expect(open).toContain("aggregator.auth.methods is none: everybody");
    const tls = { auth: { methods: ["service-account"] }, tlsSecret: "endpoint-tls", assertions: true };
    const closed = await renderNotes({ aggregator: tls });
    expect(closed).not.toMatch(/methods is none|plain HTTP|aggregator\.assertions/);
    expect(closed).toContain("https://127.0.0.1:7777/mcp");
  });

  it("F-150 say what each method asks callers to show, and the public URL where there is one", async () => {
    const notes = await renderNotes(valuesOf("auth"));
    expect(notes).toContain("Their tools are then at https://tools.example.com/base/mcp for any MCP client.\n");
    expect(notes).not.toContain("port-forward");
    expect(notes.split("\nEvery caller shows one of these:\n")[1]?.split("\n\n")[0]?.split("\n")).toEqual([
      "- a token of https://login.example.com or http://dex.auth:5556; clients of MCP find the login by themselves",
      "- a token of a ServiceAccount: kubectl create token NAME --namespace NAMESPACE --audience outrigger",
      "- a key whose line is in Secret outrigger-api-keys: outrigger api-key NAME makes both",
      "- a certificate that an authority in Secret client-ca has signed",
    ]);
    const single = await renderNotes({ aggregator: { auth: { methods: ["service-account"] } } });
    expect(single).toContain("Every caller shows this:\n- a token of a ServiceAccount");
    expect(await renderNotes({})).not.toContain("Every caller shows");
  });

  it("F-103 name the endpoints of the installation's own", async () => {
    expect(await renderNotes(valuesOf("endpoints"))).toContain(
      "\nEndpoints of your own, in place of /mcp: /mcp/v/daily, /mcp/v/reviews\n",
    );
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
