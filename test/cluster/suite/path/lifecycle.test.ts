/** The release's life beside running servers: upgrade, rollback, uninstall and a new start; and a server's own rolling update. */
import { sidecarPorts } from "@outrigger/api/ports";
import { beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../../../fixtures/mcp-clients.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { release, runHelm, uninstallChart } from "../../product/install.ts";
import {
  hastyServer,
  hastyStdioServer,
  httpServer,
  jobOf,
  optedIn,
  podOf,
  serviceOf,
} from "../../product/workloads.ts";
import { madeSecrets } from "../../secret-audit.ts";
import { hasCluster } from "../cluster.ts";
import { createServiceClient } from "./service-client.ts";
import { useProduct, type PodFacts } from "./product.ts";
import { underLoad, type LoadReport } from "./steady-load.ts";
import { createUser } from "./user.ts";
import { admitDry, isInjected, readTrusted } from "./webhook-away.ts";

/** Kinds of the chart's objects that belong to no namespace, by the path of their list. */
const clusterWide = [
  "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
  "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
  "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
  "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
  "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
];

const ofRelease = `labelSelector=${encodeURIComponent(`app.kubernetes.io/instance=${release.name}`)}`;

const ofOnce = "labelSelector=app%3Donce";

interface EndedContainer {
  readonly state: { readonly terminated: { readonly startedAt: string; readonly finishedAt: string } };
}

interface EndedPod {
  readonly status: {
    readonly initContainerStatuses: readonly EndedContainer[];
    readonly containerStatuses: readonly EndedContainer[];
  };
}

interface Named {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

describe.skipIf(!hasCluster())("the release's life", () => {
  // The test goes to a server's own Service, too.
  const product = useProduct('networkPolicies.sidecarClients=[{"ipBlock":{"cidr":"0.0.0.0/0"}}]');
  const user = createUser(product.aggregator);
  const { image, kubeconfig } = product;
  let tools = "";

  const echo = async (): Promise<void> => {
    const answer = await user.call(`${tools}__server__echo`, { message: "x" });
    if (textOf(answer) !== "Echo: x") throw new Error(JSON.stringify(answer));
  };
  const names = async (path: string): Promise<readonly string[]> =>
    (await product.get<Named>(path)).items.map(({ metadata }) => metadata.name);
  /** A call of the server that ends at once, by its name. */
  const callSlow = (server: string) => async (): Promise<void> => {
    const answer = await user.call(`${tools}__${server}__slow`, {});
    if (textOf(answer) !== "done") throw new Error(JSON.stringify(answer));
  };
  /** Replaces the pods of a server, and waits for the last old one to be gone. */
  const replacePods = async (server = "server"): Promise<void> => {
    const before = new Set((await product.pods(tools, server)).map(({ metadata }) => metadata.uid));
    const annotations = { "test/replaced-at": new Date().toISOString() };
    await product.patch(`/apis/apps/v1/namespaces/${tools}/deployments/${server}`, {
      spec: { template: { metadata: { annotations } } },
    });
    const pods = `/api/v1/namespaces/${tools}/pods?labelSelector=app%3D${server}`;
    const isReplaced = async (): Promise<boolean> => {
      const { items } = await product.get<{ items: readonly PodFacts[] }>(pods);
      return items.length === 2 && items.every(({ metadata }) => !before.has(metadata.uid));
    };
    await waitFor("the old pods to be gone", isReplaced, 90_000);
    await product.readyPod(tools, server);
  };

  beforeAll(async () => {
    tools = await product.makeNamespace(optedIn);
    await product.create(httpServer("server", { image, replicas: 2 }), tools);
    await product.readyPod(tools, "server");
    await user.untilListed(tools, "server");
    // A client is connected before the load: what the tests are about is its calls.
    await echo();
  }, 120_000);

  it("F-022 a sidecar is there before the app starts and after it ends, and the Job completes", async () => {
    // The app itself asks its sidecar, as its first word and as its last.
    const ask = `const ask = async () => { await fetch("http://127.0.0.1:19080/mcp"); };`;
    const script = `${ask} await ask(); process.on("exit", () => console.log("done")); await ask();`;
    await product.create(jobOf("once", { image }, ["node", "--input-type=module", "-e", script]), tools);
    const path = `/apis/batch/v1/namespaces/${tools}/jobs/once`;
    await waitFor(
      "the Job to complete",
      async () => (await product.get<{ status?: { succeeded?: number } }>(path)).status?.succeeded === 1,
      60_000,
    );
    const { items } = await product.get<{ items: readonly EndedPod[] }>(`/api/v1/namespaces/${tools}/pods?${ofOnce}`);
    const [pod] = items;
    if (pod === undefined) throw new Error("the Job's pod is gone");
    const [sidecar] = pod.status.initContainerStatuses.map(timesOf);
    const [app] = pod.status.containerStatuses.map(timesOf);
    expect(sidecar?.started).toBeLessThanOrEqual(app?.started ?? 0);
    expect(sidecar?.finished).toBeGreaterThanOrEqual(app?.finished ?? Infinity);
  });

  // As process 1 without a handler, it does not hear SIGTERM.
  it("a rolling update of a server that serves to the end of its grace period loses no call", async () => {
    const { count, failures } = await underLoad(echo, () => replacePods());
    expect(count).toBeGreaterThan(50);
    expect(failures).toEqual([]);
  });

  it("F-149 a rolling update of a server that exits at once on SIGTERM loses no call, through the aggregator or its own Service, and streams end in order", async () => {
    await product.create(hastyServer("hasty", { image, replicas: 2 }), tools);
    await product.create(serviceOf("hasty", sidecarPorts.data), tools);
    await product.readyPod(tools, "hasty");
    await user.untilListed(tools, "hasty");
    const path = `/api/v1/namespaces/${tools}/services/hasty`;
    const { spec } = await product.get<{ spec: { clusterIP: string } }>(path);
    const client = createServiceClient(`http://${spec.clusterIP}/mcp`, `hasty.${tools}.svc`);
    await waitFor("the Service to answer", () => client.callSlow().then(() => true));
    const streams = await Promise.all([client.openStream(), client.openStream()]);
    let direct: LoadReport | undefined;
    const relayed = await underLoad(callSlow("hasty"), async () => {
      direct = await underLoad(client.callSlow, () => replacePods("hasty"));
    });
    expect(await Promise.all(streams.map(({ end }) => end))).toEqual(["ended", "ended"]);
    expect(relayed.count).toBeGreaterThan(50);
    expect(direct?.count).toBeGreaterThan(50);
    // Connections were kept from call to call, and given up all the same.
    expect(client.connections()).toBeLessThan((direct?.count ?? 0) / 2);
    expect([relayed.failures, direct?.failures]).toEqual([[], []]);
    await client.close();
  }, 180_000);

  it("a rolling update of a stdio server that exits at the end of its input loses no call", async () => {
    await product.create(hastyStdioServer("hasty-stdio", { image, replicas: 2 }), tools);
    await product.readyPod(tools, "hasty-stdio");
    await user.untilListed(tools, "hasty-stdio");
    const { count, failures } = await underLoad(callSlow("hasty-stdio"), () => replacePods("hasty-stdio"));
    expect(count).toBeGreaterThan(50);
    expect(failures).toEqual([]);
  }, 180_000);

  it("an upgrade and a rollback keep caBundle, pods and calls", async () => {
    const trusted = await readTrusted(kubeconfig);
    const before = await product.pods(tools, "server");
    const { failures } = await underLoad(echo, async () => {
      await product.upgrade("logLevel=debug");
      expect(await readTrusted(kubeconfig)).toEqual(trusted);
      await runHelm(kubeconfig, ["rollback", release.name, "--wait", "--timeout", "120s"]);
    });
    expect(await readTrusted(kubeconfig)).toEqual(trusted);
    const after = await product.pods(tools, "server");
    expect(after.map(({ metadata }) => metadata.uid).sort()).toEqual(before.map(({ metadata }) => metadata.uid).sort());
    expect(after.flatMap(({ status }) => status?.initContainerStatuses ?? []).every((s) => s.restartCount === 0)).toBe(
      true,
    );
    expect(failures).toEqual([]);
  }, 300_000);

  it("F-015 after labels are taken off and the release is uninstalled nothing is left outside its namespace, and labelled pods start", async () => {
    await product.patch(`/api/v1/namespaces/${tools}`, { metadata: { labels: { "outrigger.dev/inject": null } } });
    // Pods that nobody replaces keep their sidecars, and a namespace with sidecars keeps its network policies.
    for (const name of ["hasty", "hasty-stdio"])
      await product.remove(`/apis/apps/v1/namespaces/${tools}/deployments/${name}`);
    await replacePods();
    const policies = `/apis/networking.k8s.io/v1/namespaces/${tools}/networkpolicies`;
    await waitFor("the network policies to be gone", async () => (await names(policies)).length === 0, 30_000);
    await uninstallChart(kubeconfig);
    for (const path of clusterWide) expect(await names(`${path}?${ofRelease}`), path).toEqual([]);
    const servers = await product.pods(tools, "server");
    expect(servers.map((pod) => isInjected(pod))).toEqual([false, false]);
    // API servers read admission policies anew about once a second, as with any that was removed; who makes pods tries again.
    const pod = podOf(httpServer("unmanaged", { image, labels: optedIn }));
    await waitFor("a labelled pod to be admitted", () => product.create(pod, tools).then(() => true), 10_000);
    expect((await product.readyPod(tools, "unmanaged")).spec.initContainers).toBeUndefined();
  }, 180_000);

  it("leaves its keys in its own namespace, and a new installation goes on with them", async () => {
    const secrets = `/api/v1/namespaces/${release.namespace}/secrets`;
    const kept = ["outrigger-session-keys", "outrigger-trust", "outrigger-webhook-ca"];
    const left = (await names(secrets)).filter((name) => !name.startsWith("sh.helm.release"));
    expect(left).toEqual(expect.arrayContaining(kept));
    // Another installation in this cluster may have left its keys that vouch for callers.
    expect(left.filter((name) => !madeSecrets.includes(name))).toEqual([]);
    await product.upgrade();
    expect(await names(secrets)).toEqual(expect.arrayContaining(kept));
    expect(isInjected(await admitDry(kubeconfig, tools, podOf(httpServer("again", { image, labels: optedIn }))))).toBe(
      true,
    );
  }, 180_000);
});

function timesOf({ state }: EndedContainer): { readonly started: number; readonly finished: number } {
  const { startedAt, finishedAt } = state.terminated;
  return { started: Date.parse(startedAt), finished: Date.parse(finishedAt) };
}
