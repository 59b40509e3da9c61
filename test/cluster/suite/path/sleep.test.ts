/** Servers that sleep until they are called: put to sleep by an annotation, found meanwhile, woken by a call, over restarts and faults. */
import { KubeConfig } from "@kubernetes/client-node";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { textOf } from "../../../fixtures/mcp-clients.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { release, single } from "../../product/install.ts";
import { httpServer, optedIn } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { execInPod } from "../exec.ts";
import { readProgram } from "./eviction.ts";
import { useProduct } from "./product.ts";
import { createUser, type CallAnswer } from "./user.ts";

const idleTtl = "outrigger.dev/idle-ttl";
const waitSeconds = 15;
const mostWaiting = 3;
/** The shortest time that the annotation may say, and what a tick of the operator and the end of pods add. */
const asleepWithinMs = 90_000;

interface Deployment {
  readonly spec: { readonly replicas: number; readonly template: object };
  readonly status: { readonly readyReplicas?: number };
}

interface EventList {
  readonly items: readonly { readonly reason: string; readonly regarding: { readonly name: string } }[];
}

/** What an error of ours says to a program. */
interface CallError {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly outrigger: { readonly reason: string; readonly retryAfterMs?: number } };
}

describe.skipIf(!hasCluster())("servers that sleep", () => {
  const cluster = inject("cluster");
  const product = useProduct(...single, `sleep.timeout=${waitSeconds}s`, `sleep.queue=${mostWaiting}`);
  const user = createUser(product.aggregator);
  const names = ["sleeper", "broken"];
  let tools = "";
  let templates: readonly object[] = [];
  let policies: readonly string[] = [];

  const pathOf = (name: string): string => `/apis/apps/v1/namespaces/${tools}/deployments/${name}`;
  const read = (name: string): Promise<Deployment> => product.get<Deployment>(pathOf(name));
  const listPolicies = async (): Promise<readonly string[]> => {
    const path = `/apis/networking.k8s.io/v1/namespaces/${tools}/networkpolicies`;
    const { items } = await product.get<{ items: readonly { metadata: { name: string } }[] }>(path);
    return items.map(({ metadata }) => metadata.name).toSorted();
  };
  const untilCold = (name: string): Promise<unknown> =>
    waitFor(
      `${name} to be asleep`,
      async () =>
        (await user.findServer(tools, name))?.state === "Cold" && (await product.pods(tools, name)).length === 0,
      asleepWithinMs,
    );
  const echo = (name: string): Promise<CallAnswer> => user.call(`${tools}__${name}__echo`, { message: "hello" });
  const echoFails = (name: string): Promise<CallError> =>
    echo(name).then(
      (answer) => Promise.reject(new Error(`it was answered: ${JSON.stringify(answer)}`)),
      (error: unknown) => error as CallError,
    );
  /** As a client that comes again when it is told that the server is still on its way: a busy machine may be that slow. */
  const untilEchoed = async (name: string): Promise<void> => {
    const refusals: string[] = [];
    const answer = await waitFor(
      `an answer of ${name}`,
      () =>
        echo(name).catch((error: unknown) => {
          // What a call is refused with has this form.
          const { message, data } = error as CallError;
          refusals.push(data.outrigger.reason);
          throw new Error(message);
        }),
      90_000,
    );
    expect(textOf(answer)).toBe("Echo: hello");
    expect(refusals.filter((reason) => reason !== "ServerWaking")).toEqual([]);
  };
  const restart = async (program: string): Promise<void> => {
    const { pods } = await readProgram(product, program);
    const before = pods.map(({ metadata }) => metadata.name);
    for (const name of before) await product.remove(`/api/v1/namespaces/${release.namespace}/pods/${name}`);
    await waitFor(
      `another pod of the ${program}`,
      async () => {
        const { pods: now, ready } = await readProgram(product, program);
        return ready === 1 && now.length === 1 && !now.some(({ metadata }) => before.includes(metadata.name));
      },
      90_000,
    );
  };

  beforeAll(async () => {
    tools = await product.makeNamespace();
    const template = { image: product.image, labels: optedIn };
    await product.create(httpServer("sleeper", { ...template, replicas: 2 }), tools);
    await product.create(httpServer("broken", template), tools);
    for (const name of names) await user.untilListed(tools, name);
    policies = await listPolicies();
    templates = await Promise.all(names.map(async (name) => (await read(name)).spec.template));
  }, 180_000);

  it("an annotation of a running Deployment has it scaled to zero after that time, and changes nothing else of it", async () => {
    await product.patch(pathOf("sleeper"), { metadata: { annotations: { [idleTtl]: "soon" } } });
    const reasonsOf = async (name: string): Promise<readonly string[]> => {
      const { items } = await product.get<EventList>(`/apis/events.k8s.io/v1/namespaces/${tools}/events`);
      return items.filter(({ regarding }) => regarding.name === name).map(({ reason }) => reason);
    };
    await waitFor("the event about a wrong value", async () =>
      (await reasonsOf("sleeper")).includes("InvalidAnnotation"),
    );
    for (const name of names) await product.patch(pathOf(name), { metadata: { annotations: { [idleTtl]: "30s" } } });
    for (const [at, name] of names.entries()) {
      await untilCold(name);
      const { spec } = await read(name);
      expect([spec.replicas, spec.template]).toEqual([0, templates[at]]);
      expect(await reasonsOf(name)).toContain("Asleep");
    }
  }, 180_000);

  it("F-148 tools of a sleeping server are found and described, marked Cold, also after a restart of aggregator and operator", async () => {
    const look = async (): Promise<unknown> => {
      const client = await user.connect();
      const found = await client.callTool({
        name: "find_tool",
        arguments: { description: "echo a message", namespace: tools, server_id: "sleeper", limit: 1 },
      });
      const described = await client.callTool({
        name: "describe_tool",
        arguments: { name: `${tools}__sleeper__echo` },
      });
      return [found.structuredContent, described.structuredContent];
    };
    const expected = [
      { tools: [{ name: `${tools}__sleeper__echo`, state: "Cold" }] },
      { state: "Cold", server: "sleeper" },
    ];
    expect(await look()).toMatchObject(expected);
    await Promise.all(["aggregator", "operator"].map(restart));
    for (const name of names) await untilCold(name);
    expect(await look()).toMatchObject(expected);
    expect(await product.pods(tools, "sleeper")).toEqual([]);
    // They are there before its pods are again.
    expect(await listPolicies()).toEqual(policies);
    await untilEchoed("sleeper");
    expect((await read("sleeper")).spec.replicas).toBe(2);
    await waitFor("both replicas", async () => (await read("sleeper")).status.readyReplicas === 2);
    await user.untilListed(tools, "sleeper");
  }, 180_000);

  it("who has no token of the aggregator for it wakes nobody", async () => {
    if (!cluster.ok) return;
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    const [pod] = (await readProgram(product, "aggregator")).pods;
    const ask = async (headers: string): Promise<unknown> => {
      const body = JSON.stringify({ namespace: tools, server: "broken" });
      const script = `
        import { readFileSync } from "node:fs";
        const headers = { "content-type": "application/json", ...${headers} };
        const url = process.env.OUTRIGGER_WAKE_URL + "/v1/wake";
        const answer = await fetch(url, { method: "POST", headers, body: ${JSON.stringify(body)} });
        console.log(JSON.stringify([answer.status, (await answer.json()).reason]));`;
      const command = ["/usr/local/bin/node", "--input-type=module", "--eval", script];
      const place = { namespace: release.namespace, pod: pod?.metadata.name ?? "", command };
      const { stdout, stderr } = await execInPod(config, place);
      return JSON.parse(stdout === "" ? JSON.stringify(stderr) : stdout) as unknown;
    };
    // The token for the API server is the same account's, for another audience.
    const other = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    expect(await ask("{}")).toEqual([401, "WakerUnverified"]);
    expect(await ask(`{ authorization: "Bearer " + readFileSync("${other}", "utf8") }`)).toEqual([
      401,
      "WakerUnverified",
    ]);
    expect((await read("broken")).spec.replicas).toBe(0);
  });

  it("F-147 calls wait in a bounded queue for a server that wakes; one that can't start fails them with a clear error in time", async () => {
    const onNode = (nodeSelector: object): Promise<void> =>
      product.patch(pathOf("broken"), { spec: { template: { spec: { nodeSelector } } } });
    await onNode({ "example/no-such-node": "true" });
    const startedMs = performance.now();
    const errors = await Promise.all(Array.from({ length: mostWaiting + 1 }, () => echoFails("broken")));
    expect(performance.now() - startedMs).toBeLessThan((waitSeconds + 15) * 1_000);
    const told = errors.map(({ code, data }) => [code, data.outrigger.reason, (data.outrigger.retryAfterMs ?? 0) > 0]);
    const [full, ...late] = told.sort(([a], [b]) => Number(a) - Number(b));
    expect([full, late]).toEqual([
      [10_429, "WakeQueueFull", true],
      Array(mostWaiting).fill([10_503, "ServerWaking", true]),
    ]);
    expect((await read("broken")).spec.replicas).toBe(1);

    await onNode({ "example/no-such-node": null });
    await user.untilListed(tools, "broken");
    await untilEchoed("broken");
  }, 180_000);
});
