/** From helm install to a refused call, on a real cluster: what the product promises, seen from outside. */
import { beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../../../fixtures/mcp-clients.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { httpServer, optedIn, podOf, serverPort, stdioServer } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { reaches, useProduct } from "./product.ts";
import { createUser } from "./user.ts";

describe.skipIf(!hasCluster())("from helm install to a refused call", () => {
  const product = useProduct();
  const user = createUser(product.aggregator);
  const { image } = product;
  let tools = "";

  beforeAll(async () => {
    tools = await product.makeNamespace();
    await product.create(httpServer("search", { image, labels: optedIn }), tools);
    await product.create(httpServer("plain", { image }), tools);
    await product.readyPod(tools, "search");
    await product.readyPod(tools, "plain");
  }, 180_000);

  it("F-001 puts a native sidecar into a labelled pod, and leaves the pod beside it alone", async () => {
    const [labelled] = await product.pods(tools, "search");
    const [plain] = await product.pods(tools, "plain");
    expect(labelled?.spec.initContainers).toContainEqual(
      expect.objectContaining({ name: "outrigger-sidecar", restartPolicy: "Always" }),
    );
    expect(labelled?.metadata.labels).toMatchObject({
      "outrigger.dev/injected": "true",
      "outrigger.dev/server": "search",
    });
    expect(plain?.spec.initContainers).toBeUndefined();
  });

  it("finds the server within 5 s of its pod's readiness", async () => {
    await product.create(httpServer("second", { image, labels: optedIn }), tools);
    await product.readyPod(tools, "second");
    await waitFor(
      "the new server in the catalogue",
      async () => (await user.findServer(tools, "second"))?.state === "Ready",
      5_000,
    );
  });

  it.each(["v1", "v2"] as const)("searches and calls for a client of SDK %s", async (sdk) => {
    await user.untilListed(tools, "search");
    const client = await user.connect(sdk);
    const wanted = { description: "echo a message", limit: 1, server_id: `${tools}/search` };
    const found = await client.callTool({ name: "find_tool", arguments: wanted });
    const [tool] = (found.structuredContent as { tools: readonly { name: string }[] }).tools;
    expect(tool?.name).toBe(`${tools}__search__echo`);
    const answer = await client.callTool({
      name: "call_tool",
      arguments: { name: tool?.name, arguments: { message: "over the cluster" } },
    });
    expect(textOf(answer)).toBe("Echo: over the cluster");
  });

  it("F-157 keeps other pods and machines from the app's own port, while the kubelet's probes pass", async () => {
    const pod = await product.readyPod(tools, "search");
    const plain = await product.readyPod(tools, "plain");
    expect(await reaches(plain.status?.podIP, serverPort)).toBe(true);
    await waitFor("the app's port to be shut", async () => !(await reaches(pod.status?.podIP, serverPort)), 20_000);
    expect((await product.readyPod(tools, "search")).metadata.uid).toBe(pod.metadata.uid);
  });

  it("F-141 a changed annotation narrows what a running pod lists and calls, and is taken back", async () => {
    const pod = await product.readyPod(tools, "search");
    const annotate = (value: string | null): Promise<void> =>
      product.patch(`/api/v1/namespaces/${tools}/pods/${pod.metadata.name}`, {
        metadata: { annotations: { "outrigger.dev/deny-tools": value } },
      });
    const name = `${tools}__search__echo`;
    const isRefused = async (): Promise<boolean> => (await user.call(name, { message: "x" })).isError === true;
    await annotate("echo");
    await waitFor("the call to be refused", isRefused, 20_000);
    expect(textOf(await user.call(name, { message: "x" }))).toContain(`Unknown tool: ${name}`);
    await annotate(null);
    await waitFor("the call to pass", async () => !(await isRefused()), 20_000);
    const [after] = await product.pods(tools, "search");
    expect(after?.metadata.uid).toBe(pod.metadata.uid);
    expect(after?.status?.containerStatuses?.[0]?.restartCount).toBe(0);
  });

  it("meets calls with the rate of an annotation, with the time to wait", async () => {
    const limited = httpServer("limited", {
      image,
      labels: optedIn,
      annotations: { "outrigger.dev/rate-limit": "2/m" },
    });
    await product.create(limited, tools);
    await product.readyPod(tools, "limited");
    await user.untilListed(tools, "limited");
    const echo = async () => user.call(`${tools}__limited__echo`, { message: "x" });
    expect([(await echo()).isError, (await echo()).isError]).toEqual([undefined, undefined]);
    const third = await echo();
    expect(third.isError).toBe(true);
    expect(textOf(third)).toMatch(/rate limit.*Wait \d+ seconds/);
  });

  it("refuses a wrong annotation at admission, with the key, the value and what is right", async () => {
    const annotations = { "outrigger.dev/rate-limit": "60/sec" };
    const bad = podOf(httpServer("bad", { image, labels: optedIn, annotations }));
    await expect(product.create(bad, tools)).rejects.toThrow(
      /outrigger\.dev\/rate-limit=.*60\/sec.*expected .*e\.g\. .*60\/m.*InvalidAnnotation/,
    );
  });

  it("a stdio server without any change of its image is called through its sidecar", async () => {
    await product.create(stdioServer("memory", { image, labels: optedIn }), tools);
    await product.readyPod(tools, "memory");
    await user.untilListed(tools, "memory");
    expect(textOf(await user.call(`${tools}__memory__read_graph`, {}))).toContain("entities");
  });

  it("injects every pod of a labelled namespace but the one that opts out", async () => {
    const namespace = await product.makeNamespace(optedIn);
    await product.create(httpServer("in", { image }), namespace);
    await product.create(httpServer("out", { image, labels: { "outrigger.dev/inject": "disabled" } }), namespace);
    const inside = await product.readyPod(namespace, "in");
    const outside = await product.readyPod(namespace, "out");
    expect(inside.metadata.labels?.["outrigger.dev/injected"]).toBe("true");
    expect(outside.spec.initContainers).toBeUndefined();
  });

  it("drops a server within 5 s of its deletion", async () => {
    await user.untilListed(tools, "second");
    await product.remove(`/apis/apps/v1/namespaces/${tools}/deployments/second`);
    await waitFor("the pod to be gone", async () => (await product.pods(tools, "second")).length === 0, 30_000);
    await waitFor(
      "the server to be dropped",
      async () => (await user.findServer(tools, "second")) === undefined,
      5_000,
    );
  });
});
