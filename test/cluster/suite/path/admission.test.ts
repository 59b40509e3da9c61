/** What is admitted while the webhook is away, dies or is trusted by nobody, and what it never touches. */
import { beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { release } from "../../product/install.ts";
import { httpServer, optedIn, podOf } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import type { Manifest } from "../manifest.ts";
import { useProduct } from "./product.ts";
import { createUser } from "./user.ts";
import { admitDry, isInjected, killWebhookPod, readTrusted, wipeTrusted, withoutWebhook } from "./webhook-away.ts";

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

  it("with Fail and without a webhook refuses labelled pods alone, and says why", async () => {
    await withoutWebhook(kubeconfig, async () => {
      // Why it can't be called is told by whatever part of the way has heard of its end first.
      await expect(admitDry(kubeconfig, plain, labelled)).rejects.toThrow(
        /failed calling webhook \\?"pod\.[a-z.]*outrigger\.dev\\?".*outrigger-webhook/,
      );
      await admitDry(kubeconfig, plain, unlabelled);
      for (const namespace of untouched) await admitDry(kubeconfig, namespace, labelled);
    });
  });

  it("with Ignore and without a webhook starts the pod, shows it as NotInjected, and refuses it where the sidecar is required", async () => {
    const required = await product.makeNamespace({ "outrigger.dev/enforce": "required" });
    await product.upgrade("webhook.failurePolicy=Ignore");
    await withoutWebhook(kubeconfig, async () => {
      await product.create(labelled, plain);
      const started = await product.readyPod(plain, "labelled");
      expect(started.spec.initContainers).toBeUndefined();
      const shown = await waitFor("the pod in the catalogue", () => user.findServer(plain, "labelled"), 10_000);
      expect(shown).toMatchObject({ state: "Dead", reason: "NotInjected" });
      await expect(admitDry(kubeconfig, required, unlabelled)).rejects.toThrow(/should have the sidecar.*NotInjected/);
    });
  });
});

/** The pod where no node takes it: admitted, and never run. */
function nowhere(pod: Manifest): Manifest {
  return { ...pod, spec: { ...(pod["spec"] as object), nodeSelector: { "outrigger.test/node": "none" } } };
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
