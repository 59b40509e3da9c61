/** What is enforced in each port mode, that it is measured, and that policy from the chart reaches running pods. */
import { beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../../../fixtures/mcp-clients.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { single } from "../../product/install.ts";
import { bindsHost, httpServer, jobOf, optedIn, serverPort, stdioServer } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { reaches, useProduct } from "./product.ts";
import { createUser } from "./user.ts";

const modes = [
  { name: "sidecar-port", annotations: {}, container: {}, reason: "PolicyEnforced" },
  {
    name: "loopback",
    annotations: { "outrigger.dev/port-mode": "loopback" },
    container: {
      ...bindsHost,
      env: [
        { name: "PORT", value: String(serverPort) },
        { name: "HOST", value: "127.0.0.1" },
      ],
    },
    reason: "LoopbackBound",
  },
  {
    name: "env",
    annotations: { "outrigger.dev/port-mode": "env", "outrigger.dev/host-env": "HOST" },
    container: bindsHost,
    reason: "LoopbackBound",
  },
  {
    name: "named-port",
    annotations: { "outrigger.dev/port-mode": "named-port" },
    container: { ports: [{ name: "mcp", containerPort: serverPort }] },
    reason: "PolicyEnforced",
  },
] as const;

interface EventFacts {
  readonly reason: string;
  readonly note?: string;
  readonly regarding?: { readonly kind: string; readonly name: string };
}

describe.skipIf(!hasCluster())("enforcement", () => {
  const product = useProduct(...single);
  const user = createUser(product.aggregator);
  const { image } = product;
  let tools = "";

  beforeAll(async () => {
    tools = await product.makeNamespace(optedIn);
    for (const { name, annotations, container } of modes) {
      await product.create(httpServer(name, { image, annotations, container }), tools);
    }
    await product.create(stdioServer("stdio", { image }), tools);
    for (const name of [...modes.map((mode) => mode.name), "stdio"]) await product.readyPod(tools, name);
  }, 240_000);

  it.each(modes)(
    "F-025 in mode $name the server is called through its sidecar, and the way round is measured closed",
    async (mode) => {
      await user.untilListed(tools, mode.name);
      const answer = await user.call(`${tools}__${mode.name}__echo`, { message: mode.name });
      expect(textOf(answer)).toBe(`Echo: ${mode.name}`);
      const enforced = await waitFor(
        "the measurement",
        async () => {
          const measured = (await user.findServer(tools, mode.name))?.replicas[0]?.enforced;
          return measured?.status === "True" ? measured : undefined;
        },
        60_000,
      );
      expect(enforced.reason).toBe(mode.reason);
    },
  );

  it("in mode loopback the pod's port is the sidecar's: a denied tool stays denied there", async () => {
    const pod = await product.readyPod(tools, "loopback");
    await product.patch(`/api/v1/namespaces/${tools}/pods/${pod.metadata.name}`, {
      metadata: { annotations: { "outrigger.dev/deny-tools": "echo" } },
    });
    const name = `${tools}__loopback__echo`;
    await waitFor("echo to be denied", async () => (await user.call(name, { message: "x" })).isError === true, 20_000);
    // From outside the aggregator the port is shut by policy, too.
    expect(await reaches(pod.status?.podIP, serverPort)).toBe(false);
  });

  it("says of a stdio server that nothing listens but the sidecar", async () => {
    const measured = await waitFor(
      "the measurement",
      async () => (await user.findServer(tools, "stdio"))?.replicas[0]?.enforced,
      60_000,
    );
    expect(measured).toMatchObject({ status: "True", reason: "NothingListens" });
  });

  it("tells the owner of each pod what happened to it", async () => {
    const events = await waitFor(
      "the events",
      async () => {
        const path = `/apis/events.k8s.io/v1/namespaces/${tools}/events?limit=500`;
        const { items } = await product.get<{ items: readonly EventFacts[] }>(path);
        const ours = items.filter(({ reason }) => reason === "Injected");
        return ours.length >= 4 ? ours : undefined;
      },
      30_000,
    );
    const owners = new Set(events.map(({ regarding }) => `${regarding?.kind ?? ""}/${regarding?.name ?? ""}`));
    expect(owners).toContain("Deployment/sidecar-port");
  });

  it("F-142 a policy of the chart reaches running pods without a restart, and is taken back", async () => {
    const before = await product.readyPod(tools, "sidecar-port");
    const name = `${tools}__sidecar-port__echo`;
    const isRefused = async (): Promise<boolean> => (await user.call(name, { message: "x" })).isError === true;
    expect(await isRefused()).toBe(false);
    await product.upgrade(`policy={"defaultAction":"Allow","tools":{"deny":["echo"]}}`);
    await waitFor("echo to be refused", isRefused, 30_000);
    await product.upgrade(`policy={"defaultAction":"Allow"}`);
    await waitFor("echo to pass", async () => !(await isRefused()), 30_000);
    const [after] = await product.pods(tools, "sidecar-port");
    expect(after?.metadata.uid).toBe(before.metadata.uid);
    expect(after?.status?.initContainerStatuses?.[0]?.restartCount).toBe(0);
  }, 240_000);

  it("a Job with a sidecar completes", async () => {
    await product.create(jobOf("once", { image }, ["node", "-e", "console.log('done')"]), tools);
    await waitFor(
      "the Job to complete",
      async () => {
        const path = `/apis/batch/v1/namespaces/${tools}/jobs/once`;
        const { status } = await product.get<{ status?: { succeeded?: number } }>(path);
        return status?.succeeded === 1;
      },
      60_000,
    );
  });
});
