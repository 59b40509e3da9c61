/** For tests of `helm test`: what it prints once all is well. Pods that a test has just changed may not be measured yet. */
import { waitFor } from "../../../fixtures/wait-for.ts";
import { sendToCluster } from "../../ask-cluster.ts";
import { release, runHelm } from "../../product/install.ts";

/** Repeats it until it succeeds. Rejects with the log of its pod where it never does. */
export async function untilHelmTestSucceeds(kubeconfig: string): Promise<string> {
  const testByHelm = (): Promise<string> =>
    runHelm(kubeconfig, ["test", release.name, "--logs", "--timeout", "120s"]).catch(async () => {
      const path = `/api/v1/namespaces/${release.namespace}/pods/outrigger-check/log`;
      throw new Error(await sendToCluster(kubeconfig, { path }));
    });
  return waitFor("all to be well", testByHelm, 120_000);
}
