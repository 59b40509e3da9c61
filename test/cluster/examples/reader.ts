/** A reader of pages on a cluster: has kubectl and helm, and waits where a page's reader would look again. */
import { dirname, join } from "node:path";
import { findHelm } from "../../charts/helm.ts";
import { makeTestFolder } from "../../fixtures/temporary-folder.ts";
import { createReader, type Reader } from "../../integration/pages/reader.ts";
import { findKubectlFolders } from "../suite/kubectl.ts";
import type { ProvidedCluster } from "../suite/provided.ts";

/** Reads may be tried again until a server is there; what changes something is done once. */
const reads = /^(?:npx outrigger (?:call|search)|kubectl logs) /;
/** Servers in Python take their time where several start at once. */
const patienceMs = 120_000;

/** Creates a reader for the running test, with the given variables. */
export async function createClusterReader(
  cluster: Extract<ProvidedCluster, { ok: true }>,
  env: Readonly<Record<string, string>>,
): Promise<Reader> {
  const home = makeTestFolder("home");
  const reader = createReader({
    programs: [...(await findKubectlFolders(cluster)), dirname(await findHelm())],
    env: {
      KUBECONFIG: cluster.kubeconfig,
      KUBECACHEDIR: join(home, "kube"),
      HELM_CACHE_HOME: join(home, "helm-cache"),
      HELM_CONFIG_HOME: join(home, "helm-config"),
      HELM_DATA_HOME: join(home, "helm-data"),
      ...env,
    },
  });
  return { ...reader, patienceMs: (command) => (reads.test(command) ? patienceMs : 0) };
}

/** What the reader has for a token of GitHub: no secret of anybody. */
export const tokenOfReader = "github_pat_of_a_test";
