/** What is found and where: by label alone, by an annotation that can't lie about the address, quickly, and without the API server. */
import { beforeAll, describe, expect, it } from "vitest";
import { startAggregatorProgram } from "../../../fixtures/aggregator.ts";
import { modernRequest, postRaw, textOf } from "../../../fixtures/mcp-clients.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { askCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import { httpServer, optedIn, podOf } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { canStopApiServer, withoutApiServer } from "./api-server-away.ts";
import { useProduct, type PodFacts } from "./product.ts";
import { underLoad } from "./steady-load.ts";
import { startConnect, startKubectlProxy, type ConnectEvent } from "./terminal.ts";
import { createUser } from "./user.ts";
import { isInjected } from "./webhook-away.ts";

const quicklyMs = 5_000;
const endpointKey = "outrigger.dev/endpoint";

describe.skipIf(!hasCluster())("discovery", () => {
  const product = useProduct();
  // Asked for once: while the API server is away, it can't say where the aggregator is.
  let base: Promise<string> | undefined;
  const user = createUser(() => (base ??= product.aggregator()));
  const { image, kubeconfig } = product;
  let tools = "";
  let client: ReturnType<typeof user.connect> | undefined;

  const isFound = async (name: string): Promise<boolean> => (await user.findServer(tools, name))?.state === "Ready";
  const isGone = async (name: string): Promise<boolean> => (await user.findServer(tools, name)) === undefined;
  const search = async (description: string, server: string): Promise<readonly string[]> => {
    client ??= user.connect();
    const values = { description, limit: 5, server_id: `${tools}/${server}` };
    const { structuredContent } = await (await client).callTool({ name: "find_tool", arguments: values });
    return (structuredContent as { tools: readonly { name: string }[] }).tools.map(({ name }) => name);
  };
  const urlsOf = async (name: string): Promise<readonly string[]> =>
    ((await user.findServer(tools, name))?.replicas ?? []).map(({ url }) => url);

  beforeAll(async () => {
    tools = await product.makeNamespace();
  });

  it("F-212 unmodified Deployments get sidecars by a label of their namespace, the sidecars enforce policy, and the index is built from them", async () => {
    for (const name of ["first", "second"]) await product.create(httpServer(name, { image }), tools);
    for (const name of ["first", "second"]) expect(isInjected(await product.readyPod(tools, name))).toBe(false);
    await product.patch(`/api/v1/namespaces/${tools}`, { metadata: { labels: optedIn } });
    const restarted = { "kubectl.kubernetes.io/restartedAt": new Date().toISOString() };
    for (const name of ["first", "second"]) {
      await product.patch(`/apis/apps/v1/namespaces/${tools}/deployments/${name}`, {
        spec: { template: { metadata: { annotations: restarted } } },
      });
      await waitFor(
        `${name} with its sidecar alone`,
        async () => (await product.pods(tools, name)).every((pod) => isInjected(pod)),
        60_000,
      );
      await user.untilListed(tools, name);
      expect(await search("echo a message", name)).toContain(`${tools}__${name}__echo`);
      expect(textOf(await user.call(`${tools}__${name}__echo`, { message: name }))).toBe(`Echo: ${name}`);
    }
    const policy = { defaultAction: "Allow", servers: { [`${tools}/first`]: { tools: { deny: ["echo"] } } } };
    await product.upgrade(`policy=${JSON.stringify(policy)}`);
    await waitFor(
      "echo to be gone from the index",
      async () => !(await search("echo a message", "first")).includes(`${tools}__first__echo`),
    );
    expect((await user.call(`${tools}__first__echo`, { message: "x" })).isError).toBe(true);
    expect(await search("echo a message", "second")).toContain(`${tools}__second__echo`);
    expect(textOf(await user.call(`${tools}__second__echo`, { message: "y" }))).toBe("Echo: y");
  }, 240_000);

  it("F-065 a server that has only a label shows its status on its pod and over REST", async () => {
    await product.create(podOf(httpServer("status", { image, labels: optedIn })), tools);
    await product.readyPod(tools, "status");
    await user.untilListed(tools, "status");
    const { annotations = {} } = await waitFor(
      "the measurement on the pod",
      async () => {
        const [pod] = await product.pods(tools, "status");
        return pod?.metadata.annotations?.["outrigger.dev/enforced"] === undefined ? undefined : pod.metadata;
      },
      60_000,
    );
    expect(JSON.parse(annotations["outrigger.dev/status"] ?? "")).toMatchObject({
      mode: "sidecar-port",
      guarantee: "policy",
    });
    expect(JSON.parse(annotations["outrigger.dev/enforced"] ?? "")).toMatchObject({ reason: "PolicyEnforced" });
    const shown = await waitFor("the same over REST", async () => {
      const server = await user.findServer(tools, "status");
      return server?.replicas[0]?.enforced?.status === "True" ? server : undefined;
    });
    expect(shown).toMatchObject({ state: "Ready", reason: "Serving", replicas: [{ ready: true, state: "Ready" }] });
    expect(shown.toolsCount).toBeGreaterThan(0);
  });

  it("F-081 an injected pod announces port and path by annotation, and its address is the API server's word: nothing else is dialled", async () => {
    const annotations = {
      [endpointKey]: "http://192.0.2.1:80/mcp",
      "outrigger.dev/listen-port": "19555",
    };
    await product.create(podOf(httpServer("announced", { image, labels: optedIn, annotations })), tools);
    const { metadata, status } = await product.readyPod(tools, "announced");
    expect(metadata.annotations?.[endpointKey]).toBe("19555/mcp");
    await user.untilListed(tools, "announced");
    expect(await urlsOf("announced")).toEqual([`http://${status?.podIP ?? ""}:19555/mcp`]);
    const path = `/api/v1/namespaces/${tools}/pods/announced`;
    await expect(
      product.patch(path, { metadata: { annotations: { [endpointKey]: "192.0.2.1:80/mcp" } } }),
    ).rejects.toThrow("can't be changed");
    // A pod that only claims to be injected, in a namespace where nobody is.
    const plain = await product.makeNamespace();
    const claimed = { labels: { "outrigger.dev/injected": "true" }, annotations: { [endpointKey]: "80/mcp" } };
    await expect(product.create(podOf(httpServer("claims", { image, ...claimed })), plain)).rejects.toThrow(
      "NotInjected",
    );
  });

  it("F-178 outrigger connect finds the aggregator, forwards a port to it, and goes on when its pods are killed", async () => {
    const connected = await startConnect(kubeconfig);
    try {
      const list = async (): Promise<unknown> =>
        (await postRaw(connected.url, ...modernRequest("tools/list", {}))).messages[0]?.["result"];
      expect(await list()).toHaveProperty("tools");
      const selector = "labelSelector=app.kubernetes.io%2Fcomponent%3Daggregator";
      const path = `/api/v1/namespaces/${release.namespace}/pods`;
      const { items } = await product.get<{ items: readonly PodFacts[] }>(`${path}?${selector}`);
      const before = items.map(({ metadata }) => metadata.name);
      for (const name of before) await product.remove(`${path}/${name}?gracePeriodSeconds=0`);
      const isAnother = ({ event, pod = "" }: ConnectEvent): boolean => event === "open" && !before.includes(pod);
      await waitFor("another pod", () => connected.events.some(isAnother), 60_000);
      expect(await list()).toHaveProperty("tools");
    } finally {
      expect(await connected.stop()).toBe(0);
    }
    await expect(fetch(connected.url)).rejects.toThrow();
  }, 120_000);

  it("F-082 the aggregator finds pods through kubectl proxy, and through a kubeconfig", async () => {
    await product.create(podOf(httpServer("proxied", { image, labels: optedIn })), tools);
    await product.readyPod(tools, "proxied");
    const proxy = await startKubectlProxy(kubeconfig);
    const env = { KUBECONFIG: kubeconfig };
    const find = async (kube: string): Promise<void> => {
      const aggregator = await startAggregatorProgram(undefined, ["--kube", kube, "--namespaces", tools], { env });
      try {
        await waitFor(`the pod, by ${kube}`, async () => {
          const { servers } = await aggregator.get("/api/v1/servers");
          return (servers as readonly { name: string }[]).some(({ name }) => name === "proxied");
        });
      } finally {
        await aggregator.close();
      }
    };
    try {
      await Promise.all([find(proxy.url), find("kubeconfig")]);
    } finally {
      await proxy.stop();
    }
  }, 120_000);

  it.skipIf(!canStopApiServer())(
    "F-080 a Ready server appears within 5 s, a deleted one disappears as quickly, and the index serves while the Kubernetes API is away",
    async () => {
      const appears = async (name: string): Promise<PodFacts> => {
        await product.create(podOf(httpServer(name, { image, labels: optedIn })), tools);
        const pod = await product.readyPod(tools, name);
        await waitFor(`${name} in the catalogue`, () => isFound(name), quicklyMs);
        return pod;
      };
      const disappears = async (name: string): Promise<void> => {
        await product.remove(`/api/v1/namespaces/${tools}/pods/${name}`);
        await waitFor(`${name} to be gone from the catalogue`, () => isGone(name), quicklyMs);
      };
      await appears("early");
      await appears("staying");
      await user.untilListed(tools, "staying");
      await disappears("early");
      const use = async (): Promise<void> => {
        const answer = await user.call(`${tools}__staying__echo`, { message: "x" });
        if (textOf(answer) !== "Echo: x") throw new Error(JSON.stringify(answer));
        if (!(await search("echo a message", "staying")).includes(`${tools}__staying__echo`))
          throw new Error("not found");
        if (!(await isFound("staying"))) throw new Error("not in the catalogue");
      };
      await withoutApiServer(kubeconfig, async () => {
        const { count, failures } = await underLoad(use, async () => {
          // Each takes as long as its deadline.
          for (const path of ["/version", "/api"]) await expect(askCluster(kubeconfig, path)).rejects.toThrow();
        });
        expect(failures).toEqual([]);
        expect(count).toBeGreaterThan(20);
      });
      await disappears("staying");
      await appears("late");
    },
    240_000,
  );
});
