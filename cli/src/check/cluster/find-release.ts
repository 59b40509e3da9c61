/** Finds the installation by the labels of the chart: the Deployment of its webhook names everything else. */
import type { Release } from "../facts.ts";
import type { Look } from "../look.ts";
import type { Cluster } from "./cluster.ts";
import { chartLabels, kinds, partOfOutrigger, type RawDeployment } from "./resources.ts";

const suffix = "-webhook";

/** Every installation in a namespace, or in the whole cluster. None is an answer, too. */
export async function findReleases(cluster: Cluster, namespace: string | undefined): Promise<Look<readonly Release[]>> {
  const found = await cluster.list({
    resource: kinds.deployments,
    labelSelector: `${partOfOutrigger},${chartLabels.component}=webhook`,
    ...(namespace === undefined ? {} : { namespaces: [namespace] }),
    read: readRelease,
  });
  return found.ok ? { ok: true, value: found.value.filter((each) => each !== undefined) } : found;
}

function readRelease({ metadata = {} }: RawDeployment): Release | undefined {
  const { name, namespace, labels = {} } = metadata;
  if (namespace === undefined || name?.endsWith(suffix) !== true) return undefined;
  return {
    namespace,
    name: name.slice(0, -suffix.length),
    instance: labels[chartLabels.instance] ?? "",
    version: labels[chartLabels.version] ?? "",
  };
}
