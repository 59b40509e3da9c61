/** Who may do what: each program's ServiceAccount to the verb, the sidecar without a token, and what the admission policies refuse. */
import { beforeAll, describe, expect, it } from "vitest";
import { nameFileFolder } from "../../../fixtures/temporary-folder.ts";
import { sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import { httpServer, optedIn, podOf } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { useProduct, type PodFacts } from "./product.ts";
import { listRights, logInAs, may } from "./service-account.ts";
import { admitDry } from "./webhook-away.ts";

const each = (verbs: string, what: string): readonly string[] => verbs.split(" ").map((verb) => `${verb} ${what}`);

const configuration = "admissionregistration.k8s.io/mutatingwebhookconfigurations [outrigger]";

/** What the chart declares: in every namespace, and in the release's own besides. */
const programs = [
  {
    account: "outrigger-webhook",
    everywhere: [...each("list watch", "namespaces"), ...each("list watch", configuration)],
    athome: [
      ...each("list watch", "configmaps"),
      ...each("get list watch patch", "secrets [outrigger-webhook-ca]"),
      "create secrets",
    ],
  },
  {
    account: "outrigger-aggregator",
    everywhere: each("list watch", "pods"),
    athome: each("list watch", "configmaps"),
  },
  {
    account: "outrigger-operator",
    everywhere: [
      ...each("list watch", "namespaces"),
      ...each("list watch patch", "pods"),
      "get apps/replicasets",
      ...each("get list watch", "apps/deployments"),
      ...each("get list watch", "apps/statefulsets"),
      ...each("get patch", "apps/deployments/scale"),
      ...each("get patch", "apps/statefulsets/scale"),
      "get batch/jobs",
      ...each("list watch create patch delete", "networking.k8s.io/networkpolicies"),
      ...each("list watch create patch", "events.k8s.io/events"),
      ...each("list watch patch", configuration),
    ],
    athome: [
      "create coordination.k8s.io/leases",
      ...each("get patch", "coordination.k8s.io/leases [outrigger-operator]"),
      ...each("list watch create patch delete", "configmaps"),
      "create secrets",
      ...each("get patch", "secrets [outrigger-trust]"),
      ...each("get patch", "secrets [outrigger-webhook-ca]"),
    ],
  },
] as const;

const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";

interface Mounting {
  readonly name: string;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Volume {
  readonly name: string;
  readonly projected?: object;
  readonly emptyDir?: object;
}

interface MountingPod {
  readonly spec: {
    readonly containers: readonly Mounting[];
    readonly initContainers: readonly Mounting[];
    readonly volumes: readonly Volume[];
  };
}

describe.skipIf(!hasCluster())("rights", () => {
  const folder = nameFileFolder("rights");
  const product = useProduct();
  const { image, kubeconfig } = product;
  let tools = "";
  let path = "";
  let pod: PodFacts;

  beforeAll(async () => {
    tools = await product.makeNamespace();
    await product.create(httpServer("server", { image, labels: optedIn }), tools);
    pod = await product.readyPod(tools, "server");
    path = `/api/v1/namespaces/${tools}/pods/${pod.metadata.name}`;
  }, 120_000);

  it.each(programs)("F-153 $account may do what the chart declares and nothing else", async (program) => {
    const { account, everywhere, athome } = program;
    const own = await logInAs(kubeconfig, account, folder);
    expect(await listRights(own, tools)).toEqual([...everywhere].sort());
    expect(await listRights(own, release.namespace)).toEqual([...everywhere, ...athome].sort());
    for (const verb of ["get", "list", "watch"]) expect(await may(own, verb, "secrets"), verb).toBe(false);
  });

  it("F-155 the sidecar sees no token, even where the app has one", async () => {
    const withToken = podOf(httpServer("reader", { image, labels: optedIn }));
    const spec = { ...(withToken["spec"] as object), automountServiceAccountToken: true };
    const reader = (await admitDry(kubeconfig, tools, { ...withToken, spec })) as unknown as MountingPod;
    const mountedBy = (containers: readonly Mounting[], name: string): Volume | undefined => {
      const mounts = containers.find((container) => container.name === name)?.volumeMounts;
      const volume = mounts?.find(({ mountPath }) => mountPath === tokenPath)?.name;
      return reader.spec.volumes.find((candidate) => candidate.name === volume);
    };
    expect(mountedBy(reader.spec.containers, "app")).toHaveProperty("projected");
    // An empty folder lies where the token would be.
    expect(mountedBy(reader.spec.initContainers, "outrigger-sidecar")).toHaveProperty("emptyDir");
  });

  it("refuses another image for a running sidecar", async () => {
    const { spec } = await product.get<{ spec: { initContainers: readonly { name: string }[] } }>(path);
    const initContainers = spec.initContainers.map((container) =>
      container.name === "outrigger-sidecar" ? { ...container, image } : container,
    );
    await expect(product.patch(path, { spec: { initContainers } })).rejects.toThrow(
      "images of containers outrigger-* can't be changed in a running pod",
    );
  });

  it.each([
    ["outrigger.dev/injected", null],
    ["outrigger.dev/server", "another"],
    ["outrigger.dev/inject", "disabled"],
  ])("refuses a change of label %s of an injected pod", async (label, value) => {
    await expect(product.patch(path, { metadata: { labels: { [label]: value } } })).rejects.toThrow(
      "labels outrigger.dev/inject, injected and server of an injected pod can't be changed",
    );
  });

  it("refuses a policy or a measurement that somebody else than the operator writes", async () => {
    for (const key of ["outrigger.dev/policy", "outrigger.dev/enforced"])
      await expect(product.patch(path, { metadata: { annotations: { [key]: "x" } } })).rejects.toThrow(
        "written by the operator alone",
      );
  });

  it("lets the operator scale a workload to zero and nothing else", async () => {
    const operator = await logInAs(kubeconfig, "outrigger-operator", folder);
    const scale = `/apis/apps/v1/namespaces/${tools}/deployments/server/scale`;
    const change = (replicas: number): Promise<string> =>
      sendToCluster(operator, { method: "PATCH", path: `${scale}?dryRun=All`, body: { spec: { replicas } } });
    await change(0);
    await expect(change(2)).rejects.toThrow("to zero, or from zero, alone");
    await expect(
      sendToCluster(operator, {
        method: "PATCH",
        path: `${scale.replace(/\/scale$/, "")}?dryRun=All`,
        body: { metadata: { labels: { any: "thing" } } },
      }),
    ).rejects.toThrow(/forbidden/);
  });

  it("lets the operator change two annotations of a pod and nothing else", async () => {
    const operator = await logInAs(kubeconfig, "outrigger-operator", folder);
    const change = (metadata: object): Promise<string> =>
      sendToCluster(operator, { method: "PATCH", path: `${path}?dryRun=All`, body: { metadata } });
    await change({ annotations: { "outrigger.dev/enforced": "x" } });
    await expect(change({ annotations: { other: "x" } })).rejects.toThrow("outrigger.dev/enforced alone");
    await expect(change({ labels: { app: "x" } })).rejects.toThrow("may not change labels");
    const body = { spec: { activeDeadlineSeconds: 1 } };
    await expect(sendToCluster(operator, { method: "PATCH", path, body })).rejects.toThrow("what runs in a pod");
  });
});
