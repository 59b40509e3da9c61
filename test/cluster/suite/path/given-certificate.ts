/** For tests of certificates that somebody else makes: a pair in a Secret of the release's namespace, and the values that name it. */
import { createAuthority, issueLeaf, listServiceNames } from "@outrigger/certs";
import { release } from "../../product/install.ts";
import { sendToCluster } from "../../ask-cluster.ts";
import { createManifestClient } from "../manifest.ts";

/** A certificate for the webhook. `value` is the chart's, `authorityPem` whom API servers have to trust for it. */
export interface GivenCertificate {
  readonly value: string;
  readonly authorityPem: string;
  /** Makes the Secret; its namespace has to be there. */
  readonly put: (kubeconfig: string) => Promise<void>;
  readonly takeBack: (kubeconfig: string) => Promise<void>;
}

const secretName = "outrigger-given-tls";
const lifetimeMs = 86_400_000;

/** Makes one. */
export async function makeGivenCertificate(): Promise<GivenCertificate> {
  const nowMs = Date.now();
  const authority = await createAuthority({ commonName: "Given by a test", nowMs, lifetimeMs });
  const names = listServiceNames("outrigger-webhook", release.namespace, "cluster.local");
  const leaf = await issueLeaf(authority, { names, nowMs, lifetimeMs });
  const files = { secretName, caBundle: authority.certificatePem };
  const stringData = { "tls.crt": leaf.certificatePem, "tls.key": leaf.privateKeyPem };
  return {
    value: `certificates=${JSON.stringify({ mode: "files", files })}`,
    authorityPem: authority.certificatePem,
    put: (kubeconfig) =>
      createManifestClient(kubeconfig, release.namespace).create({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: secretName },
        stringData,
      }),
    takeBack: async (kubeconfig) => {
      const path = `/api/v1/namespaces/${release.namespace}/secrets/${secretName}`;
      await sendToCluster(kubeconfig, { method: "DELETE", path });
    },
  };
}
