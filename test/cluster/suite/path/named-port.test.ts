/** Port mode named-port for clients inside the cluster: the Service leads to the sidecar, and no other pod reaches the app itself. */
import { beforeAll, describe, expect, it } from "vitest";
import { KubeConfig } from "@kubernetes/client-node";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { single } from "../../product/install.ts";
import { httpServer, optedIn, serverPort } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { execInPod, type ExecResult } from "../exec.ts";
import { reaches, useProduct } from "./product.ts";

const client = { app: "client" } as const;
const clients = [{ namespaceSelector: {}, podSelector: { matchLabels: client } }];
const sidecarPort = 19_080;

describe.skipIf(!hasCluster())("port mode named-port", () => {
  const product = useProduct(...single, `networkPolicies.sidecarClients=${JSON.stringify(clients)}`);
  const { image, kubeconfig } = product;
  let tools = "";
  let address = "";

  beforeAll(async () => {
    tools = await product.makeNamespace(optedIn);
    const annotations = { "outrigger.dev/port-mode": "named-port", "outrigger.dev/deny-tools": "get-sum" };
    const container = { ports: [{ name: "mcp", containerPort: serverPort }] };
    await product.create(httpServer("server", { image, annotations, container }), tools);
    const spec = { selector: { app: "server" }, ports: [{ port: 80, targetPort: "mcp" }] };
    await product.create({ apiVersion: "v1", kind: "Service", metadata: { name: "server" }, spec }, tools);
    const labels = { "outrigger.dev/inject": "disabled" };
    const sleep = { command: ["node", "-e", "setInterval(() => {}, 1000)"], readinessProbe: null };
    await product.create(httpServer("client", { image, labels, container: sleep }), tools);
    await product.create(httpServer("stranger", { image, labels, container: sleep }), tools);
    address = (await product.readyPod(tools, "server")).status?.podIP ?? "";
  }, 180_000);

  const run = async (app: string, script: string): Promise<ExecResult> => {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const pod = (await product.readyPod(tools, app)).metadata.name;
    return execInPod(config, { namespace: tools, pod, command: ["node", "--input-type=module", "-e", script] });
  };
  const opens = async (app: string, port: number): Promise<boolean> => {
    const script = `await fetch("http://${address}:${port}/", { signal: AbortSignal.timeout(1000) })`;
    return (await run(app, script)).exitCode === 0;
  };
  /** Calls a tool by the Service's name, and gives what comes back as text. */
  const call = async (name: string, values: object): Promise<string> => {
    const { stdout, stderr } = await run("client", callScript(`http://server.${tools}.svc/mcp`, { name, values }));
    return stdout + stderr;
  };

  it("leads clients of the Service to the sidecar, which answers for the server and refuses a denied tool", async () => {
    expect(await waitFor("an answer", async () => (await call("echo", { message: "by name" })) || undefined)).toContain(
      "Echo: by name",
    );
    expect(await call("get-sum", { a: 1, b: 2 })).toContain("Unknown tool: get-sum");
  });

  it("keeps every other pod from the app's own port, those that may reach the sidecar as well", async () => {
    await waitFor("the app's port to be shut", async () => !(await opens("stranger", serverPort)), 30_000);
    expect(await opens("client", serverPort)).toBe(false);
    expect(await opens("client", sidecarPort)).toBe(true);
    expect(await opens("stranger", sidecarPort)).toBe(false);
    expect(await reaches(address, serverPort)).toBe(false);
  });
});

/** A legacy client in a few lines, for a pod that has nothing but Node: it begins a session, calls, and prints the answer. */
function callScript(url: string, { name, values }: { readonly name: string; readonly values: object }): string {
  const begin = {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "client", version: "0" },
  };
  return `
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const post = async (message, more = {}) => {
      const body = JSON.stringify({ jsonrpc: "2.0", ...message });
      return fetch(${JSON.stringify(url)}, { method: "POST", headers: { ...headers, ...more }, body });
    };
    const begun = await post({ id: 1, method: "initialize", params: ${JSON.stringify(begin)} });
    await begun.text();
    const session = { "mcp-session-id": begun.headers.get("mcp-session-id"), "mcp-protocol-version": "2025-06-18" };
    await (await post({ method: "notifications/initialized" }, session)).text();
    const params = { name: ${JSON.stringify(name)}, arguments: ${JSON.stringify(values)} };
    console.log(await (await post({ id: 2, method: "tools/call", params }, session)).text());
    process.exit(0);`;
}
