/** For tests of rights: somebody who may edit what is in one namespace, as most people may who run servers, and nothing else. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { sendToCluster } from "../../ask-cluster.ts";
import { createManifestClient } from "../manifest.ts";

const name = "tenant@example.com";

/** Binds the role `edit` that Kubernetes brings to a user in a namespace, and gives the path of a kubeconfig with which requests are theirs. */
export async function logInAsTenant(kubeconfig: string, namespace: string, folder: string): Promise<string> {
  await createManifestClient(kubeconfig, namespace).create({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: "tenant" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
    subjects: [{ kind: "User", name, apiGroup: "rbac.authorization.k8s.io" }],
  });
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
  if (cluster === null || user === null) throw new Error("the kubeconfig names no current cluster and user");
  config.loadFromClusterAndUser(cluster, { ...user, impersonateUser: name });
  const file = join(folder, "tenant.kubeconfig");
  await writeFile(file, config.exportConfig(), { mode: 0o600 });
  // Rights take a moment to be known everywhere.
  await sendToCluster(file, { path: `/api/v1/namespaces/${namespace}/pods` });
  return file;
}
