/** What is admitted while the webhook is away, dies or is trusted by nobody, and what it never touches. */
import { beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { readWarnings, sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import { httpServer, optedIn, podOf } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import type { Manifest } from "../manifest.ts";
import { useProduct } from "./product.ts";
import { createUser } from "./user.ts";
import {
  admitDry,
  isInjected,
  killEachWebhookPod,
  killWebhookPod,
  readChecked,
  readTrusted,
  untilRolledOut,
  wipeTrusted,
  withoutWebhook,
} from "./webhook-away.ts";

const untouched = ["kube-system", release.namespace];

describe.skipIf(!hasCluster())("admission", () => {
  const product = useProduct();
  const user = createUser(product.aggregator);
  const { image, kubeconfig } = product;
  const labelled = podOf(httpServer("labelled", { image, labels: optedIn }));
  const unlabelled = podOf(httpServer("unlabelled", { image }));
  let plain = "";

  beforeAll(async () => {
    plain = await product.makeNamespace();
  });

  it.each(untouched)("never touches a labelled pod in %s", async (namespace) => {
    expect(isInjected(await admitDry(kubeconfig, plain, labelled))).toBe(true);
    const there = await admitDry(kubeconfig, namespace, labelled);
    expect(there.spec.initContainers).toBeUndefined();
    expect(there.metadata.annotations ?? {}).toEqual({});
  });

  it("refuses none of 50 labelled pods while one of two webhook pods is killed", async () => {
    const namespace = await product.makeNamespace(optedIn);
    const names = Array.from({ length: 50 }, (_, index) => `many-${index}`);
    const create = (name: string): Promise<void> =>
      product.create(nowhere(podOf(httpServer(name, { image }))), namespace);
    for (const name of names.slice(0, 10)) await create(name);
    const [refusals] = await Promise.all([createInFours(names.slice(10), create), killWebhookPod(kubeconfig)]);
    expect(refusals).toEqual([]);
    const { items } = await product.get<{ items: readonly Parameters<typeof isInjected>[0][] }>(
      `/api/v1/namespaces/${namespace}/pods`,
    );
    expect(items).toHaveLength(50);
    expect(items.filter((pod) => !isInjected(pod))).toEqual([]);
  });

  it("repairs the caBundle within 60 s of its loss", async () => {
    const before = await readTrusted(kubeconfig);
    await wipeTrusted(kubeconfig);
    await waitFor(
      "the caBundle to be back",
      async () => JSON.stringify(await readTrusted(kubeconfig)) === JSON.stringify(before),
      60_000,
    );
    await waitFor("injection", async () => isInjected(await admitDry(kubeconfig, plain, labelled)), 5_000);
  });

  describe("of what pods come from", () => {
    const wrong = { "outrigger.dev/rate-limit": "60/sec", "outrigger.dev/port": "http" };
    /** The warnings for an object that is created, or changed where it is there; dry. */
    const ask = (
      namespace: string,
      body: Manifest,
      at = "apps/v1",
      plural = "deployments",
    ): Promise<readonly string[]> => {
      const path = `/${at === "v1" ? "api" : "apis"}/${at}/namespaces/${namespace}/${plural}?dryRun=All`;
      return readWarnings(kubeconfig, { method: "POST", path, body });
    };
    const refusals = [
      expect.stringMatching(/^Outrigger will refuse the pods of [A-Za-z]+ "early" for 2 problems:$/),
      expect.stringMatching(/^outrigger\.dev\/rate-limit="60\/sec": expected .*\[InvalidAnnotation\]$/),
      expect.stringMatching(/\[PortNotFound\]$/),
    ] as readonly unknown[];

    it.each(kindsOfWorkloads)("F-021 names all that will be refused when a %s is applied", async (kind, at, plural) => {
      const bad = httpServer("early", { image, labels: optedIn, annotations: wrong });
      expect(await ask(plain, asKind(bad, kind, at), at, plural)).toEqual(refusals);
      const good = httpServer("early", { image, labels: optedIn });
      expect(await ask(plain, asKind(good, kind, at), at, plural)).toEqual([]);
    });

    it("says it where the namespace asks for the sidecar or requires it, and not about what has nothing to do with us", async () => {
      const bad = httpServer("early", { image, annotations: wrong });
      for (const labels of [optedIn, { "outrigger.dev/enforce": "required" }])
        expect(await ask(await product.makeNamespace(labels), bad)).toEqual(refusals);
      expect(await ask(plain, httpServer("theirs", { image }))).toEqual([]);
    });

    it("says it again only when the template changes, and never to controllers", async () => {
      const path = `/apis/apps/v1/namespaces/${plain}/deployments/early`;
      const labels = { ...optedIn, "outrigger.dev/prot": "1" };
      const { metadata, ...rest } = nowhereDeployment(httpServer("early", { image, labels }));
      await product.create({ ...rest, metadata: { ...metadata, labels: optedIn } }, plain);
      const change = (body: object): Promise<readonly string[]> =>
        readWarnings(kubeconfig, { method: "PATCH", path, body });
      expect(await change({ spec: { replicas: 2 } })).toEqual([]);
      expect(await change({ spec: { template: { metadata: { annotations: { note: "x" } } } } })).toEqual([
        "label outrigger.dev/prot is not read; did you mean port? [UnknownAnnotation]",
      ]);
      const belongs = await change({
        metadata: { annotations: { "outrigger.dev/rate-limit": "60/m" } },
        spec: { template: { metadata: { labels: { "outrigger.dev/prot": null } } } },
      });
      expect(belongs).toEqual([
        "outrigger.dev/rate-limit belongs on spec.template.metadata.annotations [UnknownAnnotation]",
      ]);
      const checked = await readChecked(kubeconfig);
      expect(checked.filter(({ name }) => name === "theirs")).toEqual([]);
      expect([...new Set(checked.map(({ kind }) => kind))].sort()).toContain("Deployment");
      expect(checked.filter(({ kind, name }) => kind === "ReplicaSet" && name !== "early")).toEqual([]);
    });

    it("F-021 names what is wrong about a namespace's annotations when they are written", async () => {
      const path = `/api/v1/namespaces/${plain}?dryRun=All`;
      const annotations = { "outrigger.dev/rate-limit": "often", "outrigger.dev/port": "80", theirs: "x" };
      expect(await readWarnings(kubeconfig, { method: "PATCH", path, body: { metadata: { annotations } } })).toEqual([
        `Outrigger will refuse pods in namespace "${plain}" for 1 problem of its annotations:`,
        expect.stringMatching(/^outrigger\.dev\/rate-limit="often": expected /),
        "outrigger.dev/port is read on pod alone [UnknownAnnotation]",
      ]);
      expect(
        await readWarnings(kubeconfig, { method: "PATCH", path, body: { metadata: { labels: { theirs: "x" } } } }),
      ).toEqual([]);
    });

    it("F-021 refuses the pod itself with each problem, its key, its value and the form that is expected", async () => {
      const ports = [{ containerPort: 8080, hostPort: 8080 }];
      const annotations = { "outrigger.dev/rate-limit": "60/sec", "outrigger.dev/port-mode": "loop" };
      const pod = podOf(httpServer("bad", { image, labels: optedIn, annotations, container: { ports } }));
      const refused = admitDry(kubeconfig, plain, pod);
      await expect(refused).rejects.toThrow(/answers 422: /);
      for (const part of [
        /3 problems in pod \\"bad\\"/,
        /rate-limit=\\"60\/sec\\": expected .*\[InvalidAnnotation\]/,
        /port-mode=\\"loop\\": expected .*\[InvalidAnnotation\]/,
        /8080.*\[HostPort\]/,
      ])
        await expect(refused).rejects.toThrow(part);
    });
  });

  it("F-019 refuses an opt-out where the namespace requires the sidecar, and its owner hears the reason", async () => {
    const required = await product.makeNamespace({ "outrigger.dev/enforce": "required" });
    const labels = { "outrigger.dev/inject": "disabled" };
    await product.create(httpServer("out", { image, labels }), required);
    const events = await waitFor(
      "the event on the Deployment",
      async () => {
        const path = `/apis/events.k8s.io/v1/namespaces/${required}/events`;
        const { items } = await product.get<{
          items: readonly { reason: string; note: string; regarding: { kind: string } }[];
        }>(path);
        const told = items.filter(
          ({ reason, regarding }) => reason === "InjectionRefused" && regarding.kind === "Deployment",
        );
        return told.length > 0 ? told : undefined;
      },
      20_000,
    );
    expect(events[0]?.note).toContain("[OptOutRefused]");
    expect(await product.pods(required, "out")).toEqual([]);
  });

  it("loses no pod and no sidecar in a rollout during which each webhook pod is killed in turn", async () => {
    const namespace = await product.makeNamespace(optedIn);
    await product.create(httpServer("rolling", { image, replicas: 2 }), namespace);
    await untilRolledOut(kubeconfig, namespace, "rolling");
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/rolling`;
    // What `kubectl rollout restart` writes.
    const annotations = { "kubectl.kubernetes.io/restartedAt": "2026-11-22T00:00:00Z" };
    await product.patch(path, { spec: { template: { metadata: { annotations } } } });
    await killEachWebhookPod(kubeconfig);
    await untilRolledOut(kubeconfig, namespace, "rolling");
    const pods = await product.pods(namespace, "rolling");
    expect(pods).toHaveLength(2);
    expect(pods.filter((pod) => !isInjected(pod))).toEqual([]);
  }, 180_000);

  it("F-027 with Fail and without a webhook refuses labelled pods alone, and says why", async () => {
    const optedOut = await product.makeNamespace({ "outrigger.dev/inject": "disabled" });
    const [asking, required] = [
      await product.makeNamespace(optedIn),
      await product.makeNamespace({ "outrigger.dev/enforce": "required" }),
    ];
    const disabled = podOf(httpServer("disabled", { image, labels: { "outrigger.dev/inject": "disabled" } }));
    await withoutWebhook(kubeconfig, async () => {
      for (const namespace of [plain, "default", optedOut, ...untouched])
        await admitDry(kubeconfig, namespace, unlabelled);
      // Whoever is exempt stays so.
      for (const namespace of [plain, asking]) await admitDry(kubeconfig, namespace, disabled);
      for (const namespace of [asking, required])
        await expect(admitDry(kubeconfig, namespace, unlabelled)).rejects.toThrow(/failed calling webhook/);
      // What pods come from is let through: the webhook only tells.
      await sendToCluster(kubeconfig, {
        method: "POST",
        path: `/apis/apps/v1/namespaces/${asking}/deployments?dryRun=All`,
        body: httpServer("away", { image, annotations: { "outrigger.dev/port": "x y" } }),
      });
      // Why it can't be called is told by whatever part of the way has heard of its end first.
      await expect(admitDry(kubeconfig, plain, labelled)).rejects.toThrow(
        /failed calling webhook \\?"pod\.[a-z.]*outrigger\.dev\\?".*outrigger-webhook/,
      );
      await admitDry(kubeconfig, plain, unlabelled);
      for (const namespace of untouched) await admitDry(kubeconfig, namespace, labelled);
    });
  });

  it("F-027 with Ignore and without a webhook starts the pod, shows it as NotInjected, and refuses it where the sidecar is required", async () => {
    const required = await product.makeNamespace({ "outrigger.dev/enforce": "required" });
    await product.upgrade("webhook.failurePolicy=Ignore");
    await withoutWebhook(kubeconfig, async () => {
      await product.create(labelled, plain);
      const started = await product.readyPod(plain, "labelled");
      expect(started.spec.initContainers).toBeUndefined();
      const shown = await waitFor("the pod in the catalogue", () => user.findServer(plain, "labelled"), 10_000);
      expect(shown).toMatchObject({ state: "Dead", reason: "NotInjected" });
      await expect(admitDry(kubeconfig, required, unlabelled)).rejects.toThrow(/should have the sidecar.*NotInjected/);
      for (const namespace of [plain, "default", ...untouched]) await admitDry(kubeconfig, namespace, unlabelled);
    });
  });
});

/** Kinds whose pods are made from a template, where their API has them. */
const kindsOfWorkloads = [
  ["Deployment", "apps/v1", "deployments"],
  ["StatefulSet", "apps/v1", "statefulsets"],
  ["DaemonSet", "apps/v1", "daemonsets"],
  ["ReplicaSet", "apps/v1", "replicasets"],
  ["ReplicationController", "v1", "replicationcontrollers"],
  ["Job", "batch/v1", "jobs"],
  ["CronJob", "batch/v1", "cronjobs"],
] as const;

interface Workload {
  readonly template: { readonly spec: object };
  readonly selector: { readonly matchLabels: object };
}

/** The same pods, made by another kind of workload. */
function asKind({ metadata, spec }: Manifest, kind: string, apiVersion: string): Manifest {
  // Made by httpServer.
  const { template, selector } = spec as Workload;
  const once = { template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } };
  const specs: Readonly<Record<string, object>> = {
    Job: once,
    CronJob: { schedule: "0 0 1 1 *", jobTemplate: { spec: once } },
    ReplicationController: { template, selector: selector.matchLabels },
    StatefulSet: { template, selector, serviceName: "early" },
  };
  return { apiVersion, kind, metadata, spec: specs[kind] ?? { template, selector } };
}

/** The Deployment whose pods no node takes. */
function nowhereDeployment(manifest: Manifest): Manifest {
  const spec = manifest["spec"] as Workload;
  const { template } = spec;
  return {
    ...manifest,
    spec: { ...spec, template: { ...template, spec: { ...template.spec, nodeSelector: nowhereAtAll } } },
  };
}

const nowhereAtAll = { "outrigger.test/node": "none" } as const;

/** The pod where no node takes it: admitted, and never run. */
function nowhere(pod: Manifest): Manifest {
  return { ...pod, spec: { ...(pod["spec"] as object), nodeSelector: nowhereAtAll } };
}

/** Creates them, four at a time, and gives the words of each refusal. */
async function createInFours(
  names: readonly string[],
  create: (name: string) => Promise<void>,
): Promise<readonly string[]> {
  const rest = [...names];
  const refusals: string[] = [];
  const row = async (): Promise<void> => {
    for (let name = rest.shift(); name !== undefined; name = rest.shift())
      await create(name).catch((error: unknown) => refusals.push(String(error)));
  };
  await Promise.all([row(), row(), row(), row()]);
  return refusals;
}
