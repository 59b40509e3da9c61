/** Who may do what: each program's ServiceAccount to the verb, the sidecar without a token, and what the admission policies refuse. */
import { beforeAll, describe, expect, it } from "vitest";
import { nameFileFolder } from "../../../fixtures/temporary-folder.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import { httpServer, optedIn, podOf } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import type { Manifest } from "../manifest.ts";
import { useProduct, type PodFacts } from "./product.ts";
import { listRights, logInAs, may } from "./service-account.ts";
import { logInAsTenant } from "./tenant.ts";
import { admitDry, isInjected } from "./webhook-away.ts";

const each = (verbs: string, what: string): readonly string[] => verbs.split(" ").map((verb) => `${verb} ${what}`);

const ofWebhooks = (kind: string): string => `admissionregistration.k8s.io/${kind}webhookconfigurations [outrigger]`;

/** What the chart declares: in every namespace, and in the release's own besides. */
const programs = [
  {
    account: "outrigger-webhook",
    everywhere: [...each("list watch", "namespaces"), ...each("list watch", ofWebhooks("mutating"))],
    athome: [
      ...each("list watch", "configmaps"),
      ...each("get list watch patch", "secrets [outrigger-webhook-ca]"),
      ...each("create patch", "events.k8s.io/events"),
      "create secrets",
    ],
  },
  {
    account: "outrigger-aggregator",
    everywhere: each("list watch", "pods"),
    athome: [...each("list watch", "configmaps"), ...each("list watch", "discovery.k8s.io/endpointslices")],
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
      ...each("list watch patch", ofWebhooks("mutating")),
      ...each("list watch patch", ofWebhooks("validating")),
    ],
    athome: [
      "create coordination.k8s.io/leases",
      ...each("get patch", "coordination.k8s.io/leases [outrigger-operator]"),
      ...each("list watch create patch delete", "configmaps"),
      "create secrets",
      ...each("get patch", "secrets [outrigger-trust]"),
      ...each("get patch", "secrets [outrigger-session-keys]"),
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

  describe("of somebody who may edit the namespace", () => {
    let tenant = "";
    let running: MountingPod;
    const change = (body: object, kubeconfigOf = tenant): Promise<string> =>
      sendToCluster(kubeconfigOf, { method: "PATCH", path: `${path}?dryRun=All`, body });
    const create = (namespace: string, body: Manifest): Promise<string> =>
      sendToCluster(tenant, { method: "POST", path: `/api/v1/namespaces/${namespace}/pods?dryRun=All`, body });
    /** The running pod as somebody would copy its manifest. */
    const copy = (labels: object, annotations: object = {}): Manifest => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "copy",
        labels: { app: "copy", "outrigger.dev/injected": "true", "outrigger.dev/server": "forged", ...labels },
        annotations: { ...pod.metadata.annotations, ...annotations },
      },
      spec: withoutNode(running.spec),
    });

    beforeAll(async () => {
      tenant = await logInAsTenant(kubeconfig, tools, folder);
      running = await product.get<MountingPod>(path);
    });

    it("end before another image for a running sidecar: `kubectl set image`", async () => {
      const initContainers = running.spec.initContainers.map((container) =>
        container.name === "outrigger-sidecar" ? { ...container, image } : container,
      );
      await expect(change({ spec: { initContainers } })).rejects.toThrow(
        "images of containers outrigger-* can't be changed in a running pod",
      );
    });

    it.each([
      ["outrigger.dev/injected", null],
      ["outrigger.dev/server", "another"],
      ["outrigger.dev/inject", "disabled"],
      ["outrigger.dev/inject", null],
    ])("end before label %s of an injected pod: to %s", async (label, value) => {
      await expect(change({ metadata: { labels: { [label]: value } } })).rejects.toThrow(
        "labels outrigger.dev/inject, injected and server of an injected pod can't be changed",
      );
      // Other labels are theirs.
      await change({ metadata: { labels: { team: "search" } } });
    });

    it.each([
      ["outrigger.dev/policy", "written by the operator alone"],
      ["outrigger.dev/enforced", "written by the operator alone"],
      ["outrigger.dev/endpoint", "say what was injected and can't be changed"],
      ["outrigger.dev/status", "say what was injected and can't be changed"],
    ])("end before annotation %s of an injected pod, to another value and to none", async (key, message) => {
      for (const value of ["x", ...(pod.metadata.annotations?.[key] === undefined ? [] : [null])])
        await expect(change({ metadata: { annotations: { [key]: value } } })).rejects.toThrow(message);
      await expect(change({ metadata: { annotations: { [key]: "x" } } }, kubeconfig)).rejects.toThrow(message);
    });

    it("end before the label of injected pods on a pod that is none", async () => {
      const plain = podOf(httpServer("plain", { image }));
      await sendToCluster(tenant, { method: "POST", path: `/api/v1/namespaces/${tools}/pods`, body: plain });
      const body = { metadata: { labels: { "outrigger.dev/injected": "true" } } };
      const given = sendToCluster(tenant, { method: "PATCH", path: path.replace(/[^/]+$/, "plain"), body });
      await expect(given).rejects.toThrow("of an injected pod can't be changed");
    });

    it("end before a copy of an injected pod that the webhook would not be asked about", async () => {
      await expect(create(tools, copy({}))).rejects.toThrow(/injected is given by the webhook alone.*NotInjected/);
      await expect(create(tools, copy({ "outrigger.dev/inject": "disabled" }))).rejects.toThrow("NotInjected");
    });

    it("make what is forged in a copy be written anew", async () => {
      const forged = {
        "outrigger.dev/policy": "forged",
        "outrigger.dev/status": "{}",
        "outrigger.dev/endpoint": "1/forged",
        "outrigger.dev/enforced": "forged",
      };
      const stored = JSON.parse(await create(tools, copy(optedIn, forged))) as PodFacts;
      expect(JSON.stringify(stored.metadata.annotations)).not.toContain("forged");
      expect(stored.metadata.labels?.["outrigger.dev/server"]).toBe("copy");
      expect(isInjected(stored)).toBe(true);
    });

    it("F-019 end before an opt-out where the namespace requires the sidecar, by label and by every trick", async () => {
      const required = await product.makeNamespace({ "outrigger.dev/enforce": "required" });
      const inRequired = (labels: object, annotations: object): Promise<PodFacts> =>
        admitDry(
          kubeconfig,
          required,
          podOf(httpServer("out", { image, labels: { ...labels }, annotations: { ...annotations } })),
        );
      await expect(inRequired({ "outrigger.dev/inject": "disabled" }, {})).rejects.toThrow(
        /answers 403: .*remove the label \[OptOutRefused\]/,
      );
      const tricks = [
        [{}, { "outrigger.dev/inject": "disabled" }],
        [{ "outrigger.dev/injected": "true" }, { "outrigger.dev/status": "{}" }],
        [{ "outrigger.dev/Inject": "disabled" }, { "outrigger.dev/container": "app" }],
      ] as const;
      for (const [labels, annotations] of tricks) expect(isInjected(await inRequired(labels, annotations))).toBe(true);
      // Labels of namespaces are a matter of RBAC: whoever may edit in one may not relabel it.
      const path = `/api/v1/namespaces/${tools}`;
      const body = { metadata: { labels: { "outrigger.dev/enforce": null } } };
      await expect(sendToCluster(tenant, { method: "PATCH", path, body })).rejects.toThrow(/answers 403: .*namespaces/);
    });
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

  it("refuses containers that are added to an injected pod, where that is wanted", async () => {
    const { spec } = await product.get<{ spec: { containers: readonly { securityContext: object }[] } }>(path);
    const [app] = spec.containers;
    const debug = (): Promise<string> =>
      sendToCluster(kubeconfig, {
        method: "PATCH",
        path: `${path}/ephemeralcontainers?dryRun=All`,
        body: { spec: { ephemeralContainers: [{ name: "debug", image, securityContext: app?.securityContext }] } },
      });
    await debug();
    await product.upgrade("admissionPolicies.ephemeralContainers=Deny");
    const message = "this installation admits no ephemeral containers in injected pods";
    await waitFor("the policy to bind", () =>
      debug().then(
        () => false,
        (error: unknown) => String(error).includes(message),
      ),
    );
  }, 120_000);
});

/** A spec that may go to any node, and names nothing that the API server chose for the first pod. */
function withoutNode(spec: object): object {
  const { nodeName, ...rest } = spec as { readonly nodeName?: string };
  expect(nodeName).toBeDefined();
  return rest;
}
