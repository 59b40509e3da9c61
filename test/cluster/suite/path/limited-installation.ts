/** For tests of an installation for some namespaces: what has to be there before it, and goes after it: namespaces and a certificate. */
import { waitFor } from "../../../fixtures/wait-for.ts";
import { askCluster, sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import { createManifestClient } from "../manifest.ts";
import { makeGivenCertificate } from "./given-certificate.ts";

/** What is prepared. `values` install the release for these namespaces alone. */
export interface Limits {
  readonly values: readonly string[];
  readonly prepare: (kubeconfig: string) => Promise<void>;
  readonly takeBack: (kubeconfig: string) => Promise<void>;
}

/** Makes the certificate, and says what to do with it. Without a cluster nothing of it is used. */
export async function makeLimits(namespaces: readonly string[]): Promise<Limits> {
  const certificate = await makeGivenCertificate();
  return {
    values: [`rbac=${JSON.stringify({ namespaces })}`, certificate.value],
    prepare: async (kubeconfig) => {
      const { create } = createManifestClient(kubeconfig, release.namespace);
      for (const name of [release.namespace, ...namespaces]) {
        // The release's own is there where another installation was before.
        await create({ apiVersion: "v1", kind: "Namespace", metadata: { name } }).catch(ignoreExisting);
        const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
        await waitFor("the default ServiceAccount", () => askCluster(kubeconfig, account).then(() => true));
      }
      await certificate.put(kubeconfig);
    },
    takeBack: async (kubeconfig) => {
      await certificate.takeBack(kubeconfig);
      for (const name of namespaces)
        await sendToCluster(kubeconfig, { method: "DELETE", path: `/api/v1/namespaces/${name}` });
    },
  };
}

function ignoreExisting(error: unknown): void {
  if (!/AlreadyExists/.test(String(error))) throw error;
}
