/** For tests of an installation for some namespaces: what has to be there before it, and goes after it: namespaces and a certificate. */
import { createAuthority, issueLeaf, listServiceNames } from "@outrigger/certs";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { askCluster, sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import { createManifestClient } from "../manifest.ts";

/** What is prepared. `values` install the release for these namespaces alone. */
export interface Limits {
  readonly values: readonly string[];
  readonly prepare: (kubeconfig: string) => Promise<void>;
  readonly takeBack: (kubeconfig: string) => Promise<void>;
}

const secretName = "outrigger-given-tls";
const lifetimeMs = 86_400_000;

/** Makes the certificate, and says what to do with it. Without a cluster nothing of it is used. */
export async function makeLimits(namespaces: readonly string[]): Promise<Limits> {
  const nowMs = Date.now();
  const authority = await createAuthority({ commonName: "Given by a test", nowMs, lifetimeMs });
  const names = listServiceNames("outrigger-webhook", release.namespace, "cluster.local");
  const leaf = await issueLeaf(authority, { names, nowMs, lifetimeMs });
  const files = { secretName, caBundle: authority.certificatePem };
  return {
    values: [`rbac=${JSON.stringify({ namespaces })}`, `certificates=${JSON.stringify({ mode: "files", files })}`],
    prepare: async (kubeconfig) => {
      const { create } = createManifestClient(kubeconfig, release.namespace);
      for (const name of [release.namespace, ...namespaces]) {
        // The release's own is there where another installation was before.
        await create({ apiVersion: "v1", kind: "Namespace", metadata: { name } }).catch(ignoreExisting);
        const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
        await waitFor("the default ServiceAccount", () => askCluster(kubeconfig, account).then(() => true));
      }
      const stringData = { "tls.crt": leaf.certificatePem, "tls.key": leaf.privateKeyPem };
      await create({ apiVersion: "v1", kind: "Secret", metadata: { name: secretName }, stringData });
    },
    takeBack: async (kubeconfig) => {
      const secret = `/api/v1/namespaces/${release.namespace}/secrets/${secretName}`;
      for (const path of [secret, ...namespaces.map((name) => `/api/v1/namespaces/${name}`)])
        await sendToCluster(kubeconfig, { method: "DELETE", path });
    },
  };
}

function ignoreExisting(error: unknown): void {
  if (!/AlreadyExists/.test(String(error))) throw error;
}
