/** What can be seen from outside: metrics of every program on a port of their own, and Events on the workloads of others. */
import { KubeConfig } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import { httpServer, optedIn } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { execInPod } from "../exec.ts";
import { readLeader, readProgram } from "./eviction.ts";
import { useProduct } from "./product.ts";
import { createUser } from "./user.ts";

interface EventFacts {
  readonly reason: string;
  readonly type: string;
  readonly note?: string;
  readonly reportingController?: string;
  readonly regarding?: { readonly kind: string; readonly name: string };
}

const ports = { webhook: 8081, aggregator: 7778, operator: 8081 } as const;
const programs = ["webhook", "aggregator", "operator"] as const;
const sidecar = { data: 19_080, admin: 19_082 } as const;

describe.skipIf(!hasCluster())("what can be seen", () => {
  const product = useProduct();
  const user = createUser(product.aggregator);
  const { image, kubeconfig } = product;
  let tools = "";

  beforeAll(async () => {
    tools = await product.makeNamespace(optedIn);
    await product.create(
      httpServer("server", { image, annotations: { "outrigger.dev/deny-tools": "get-sum" } }),
      tools,
    );
    // Says that it listens, and does not.
    const container = { command: ["node", "-e", "setInterval(() => {}, 1000)"], readinessProbe: null };
    await product.create(httpServer("silent", { image, container }), tools);
    await product.readyPod(tools, "server");
    await user.untilListed(tools, "server");
  }, 180_000);

  /** What a pod answers, asked by the API server, which stands where the kubelet does. */
  const metricsOf = (namespace: string, pod: string, port: number): Promise<string> =>
    sendToCluster(kubeconfig, { path: `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy/metrics` });
  /** The metrics of each pod of a program, by its name. */
  const metricsOfProgram = async (program: keyof typeof ports): Promise<ReadonlyMap<string, string>> => {
    const { pods } = await readProgram(product, program);
    const read = pods.map(async ({ metadata: { name } }) => {
      return [name, await metricsOf(release.namespace, name, ports[program])] as const;
    });
    return new Map(await Promise.all(read));
  };
  const nameOf = async (app: string): Promise<string> => {
    const [pod] = await product.pods(tools, app);
    if (pod === undefined) throw new Error(`there is no pod of ${app}`);
    return pod.metadata.name;
  };
  /** Asks a server through its sidecar, from inside its pod, where nothing but the sidecar can refuse. */
  const askInside = async (app: string): Promise<void> => {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const message = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
    const headers = `{ "content-type": "application/json", accept: "application/json, text/event-stream" }`;
    const script = `await fetch("http://127.0.0.1:19080/mcp", { method: "POST", headers: ${headers}, body: '${message}' });`;
    const command = ["node", "--input-type=module", "-e", script];
    const { exitCode, stderr } = await execInPod(config, { namespace: tools, pod: await nameOf(app), command });
    if (exitCode !== 0) throw new Error(stderr);
  };

  it("F-163 every program exposes metrics on its own port, with state, tools and failures of each server and the operator's runs", async () => {
    for (const program of programs) {
      const shown = await metricsOfProgram(program);
      expect(shown.size).toBe(2);
      for (const text of shown.values()) expect(text).toContain(`outrigger_build_info{component="${program}"`);
    }
    const injected = /outrigger_webhook_injections_total\{action="inject",reason="injected"\} [1-9]/;
    expect([...(await metricsOfProgram("webhook")).values()].join("")).toMatch(injected);
    // Nor on the port of clients.
    expect((await fetch(`${await product.aggregator()}/metrics`)).status).toBe(404);
    await expect(metricsOf(tools, await nameOf("server"), sidecar.data)).rejects.toThrow(/40[34]/);

    const leader = await waitFor("a leader", () => readLeader(product));
    const operators = [...(await metricsOfProgram("operator"))];
    const [, leading] = operators.find(([name]) => leader.startsWith(name)) ?? [];
    for (const duty of ["trust", "bundles", "isolation", "probe", "certificates", "events", "sleep", "session-keys"]) {
      const of = `controller="${duty}"`;
      expect(leading).toMatch(new RegExp(`outrigger_operator_reconcile_total\\{${of},result="ok"\\} [1-9]`));
      expect(leading).toMatch(new RegExp(`outrigger_operator_reconcile_duration_seconds_count\\{${of}\\} [1-9]`));
    }

    expect((await user.call(`${tools}__server__echo`, { message: "x" })).isError).not.toBe(true);
    const serving = await metricsOf(tools, await nameOf("server"), sidecar.admin);
    expect(serving).toContain('outrigger_sidecar_health{state="Ready"} 1\n');
    expect(serving).toMatch(
      /outrigger_sidecar_requests_total\{method="tools\/call",tool="echo",result="allowed"\} [1-9]/,
    );
    await askInside("silent");
    const failing = await metricsOf(tools, await nameOf("silent"), sidecar.admin);
    expect(failing).toMatch(/outrigger_sidecar_refused_total\{reason="upstream_\w+"\} [1-9]/);
    expect(failing).toContain('outrigger_sidecar_health{state="Ready"} 0\n');

    const server = `namespace="${tools}",server="server"`;
    const silent = `namespace="${tools}",server="silent"`;
    const [seen = ""] = (await metricsOfProgram("aggregator")).values();
    expect(seen).toContain(`outrigger_aggregator_server_state{${server},state="Ready"} 1\n`);
    expect(seen).toMatch(new RegExp(`outrigger_aggregator_server_tools\\{${server}\\} [1-9]`));
    expect(seen).toMatch(new RegExp(`outrigger_aggregator_server_state\\{${silent},state="(Initializing|Dead)"\\} 1`));
    expect(seen).toContain(`outrigger_aggregator_server_tools{${silent}} 0\n`);
  }, 180_000);

  it("F-172 Events on the owning workload tell that a pod was injected, skipped or refused, and why", async () => {
    const labels = { "outrigger.dev/inject": "disabled" };
    await product.create(httpServer("skipped", { image, labels }), tools);
    const annotations = { "outrigger.dev/rate-limit": "60/sec" };
    await product.create(httpServer("refused", { image, annotations }), tools);
    const told = async (name: string, reason: string): Promise<EventFacts | undefined> => {
      const path = `/apis/events.k8s.io/v1/namespaces/${tools}/events?limit=500`;
      const { items } = await product.get<{ items: readonly EventFacts[] }>(path);
      return items.find(
        (event) =>
          event.reportingController === "outrigger.dev/operator" &&
          event.reason === reason &&
          event.regarding?.kind === "Deployment" &&
          event.regarding.name === name,
      );
    };
    const untilTold = (name: string, reason: string): Promise<EventFacts> =>
      waitFor(`${reason} on Deployment ${name}`, () => told(name, reason), 60_000);
    const [injected, skipped, refused] = await Promise.all([
      untilTold("server", "Injected"),
      untilTold("skipped", "OptedOut"),
      untilTold("refused", "InjectionRefused"),
    ]);
    expect([injected.type, skipped.type, refused.type]).toEqual(["Normal", "Normal", "Warning"]);
    expect(injected.note).toMatch(/carries the sidecar/);
    expect(skipped.note).toMatch(/opts? out/);
    expect(refused.note).toMatch(/outrigger\.dev\/rate-limit.*60\/sec.*InvalidAnnotation/);
  }, 120_000);
});
