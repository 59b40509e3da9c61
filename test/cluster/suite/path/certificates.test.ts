/** A whole life of the webhook's authority, shortened by values: announced, switched and retired under constant admissions. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import { httpServer, optedIn, podOf } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { useProduct } from "./product.ts";
import { underLoad } from "./steady-load.ts";
import { admitDry, isInjected, readTrusted } from "./webhook-away.ts";

// Replaced after 36 to 44 s. Retired later than any leaf of it ends, as for real; each time is long beside the lag of a watch.
const lives = ["authorityLifetime=60s", "announce=5s", "retire=20s", "leafLifetime=15s"];
const secretPath = `/api/v1/namespaces/${release.namespace}/secrets/outrigger-webhook-ca`;

describe.skipIf(!hasCluster())("the webhook's authority", () => {
  // An authority of another installation would live for its own time, and a webhook that still runs puts a deleted one back.
  const forget = async (): Promise<void> => {
    const pods = `/api/v1/namespaces/${release.namespace}/pods`;
    await waitFor(
      "the pods of another installation to end",
      async () => (await product.get<{ items: readonly unknown[] }>(pods)).items.length === 0,
      60_000,
    );
    // Where there is none, none is in the way.
    await sendToCluster(product.kubeconfig, { method: "DELETE", path: secretPath }).catch(() => undefined);
  };
  beforeAll(forget, 90_000);
  afterAll(forget, 90_000);
  const product = useProduct(...lives.map((value) => `certificates.self.${value}`));

  it("F-028 is replaced in phases without one failed admission", async () => {
    const { kubeconfig, image } = product;
    const namespace = await product.makeNamespace();
    const pod = podOf(httpServer("asked", { image, labels: optedIn }));
    const [first = ""] = await readTrusted(kubeconfig);
    const seen = new Set<number>();
    const { count, failures } = await underLoad(
      async () => {
        if (!isInjected(await admitDry(kubeconfig, namespace, pod))) throw new Error("admitted without the sidecar");
      },
      async () => {
        await waitFor(
          "the first authority to be trusted no more",
          async () => {
            const bundles = await readTrusted(kubeconfig);
            for (const bundle of bundles) seen.add(countCertificates(bundle));
            return bundles.every((bundle) => !decode(bundle).includes(decode(first).trim()));
          },
          150_000,
        );
      },
    );
    // Both were trusted for a while, and never none.
    expect([...seen].sort()).toEqual([1, 2]);
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(100);
  }, 200_000);
});

function decode(bundle: string | undefined): string {
  return Buffer.from(bundle ?? "", "base64").toString();
}

function countCertificates(bundle: string | undefined): number {
  return decode(bundle).split("-----BEGIN CERTIFICATE-----").length - 1;
}
