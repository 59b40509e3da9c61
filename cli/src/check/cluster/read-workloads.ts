/** Reads the workloads whose templates make pods of servers, wherever servers are looked at. */
import type { Resource } from "@outrigger/kube";
import type { InjectionConfig } from "@outrigger/webhook/inject";
import type { WorkloadFacts } from "../facts.ts";
import type { Look } from "../look.ts";
import { readWorkload } from "../workload.ts";
import type { Cluster } from "./cluster.ts";
import type { NamespaceMap } from "./read-namespaces.ts";
import { kinds, type RawTemplated } from "./resources.ts";

const templated: readonly Resource<RawTemplated>[] = [
  kinds.deployments,
  kinds.statefulSets,
  kinds.daemonSets,
  kinds.cronJobs,
];

/** Reads those of the known namespaces. */
export async function readWorkloads(
  cluster: Cluster,
  namespaces: readonly string[] | undefined,
  { all, config }: { readonly all: NamespaceMap; readonly config: InjectionConfig },
): Promise<Look<readonly WorkloadFacts[]>> {
  const lists = await Promise.all(
    templated.map((resource) => {
      const { kind, group, version } = resource;
      return cluster.list({
        resource,
        ...(namespaces === undefined ? {} : { namespaces }),
        read: (raw): WorkloadFacts | undefined => {
          const namespace = all.get(raw.metadata?.namespace ?? "");
          if (namespace === undefined) return undefined;
          return readWorkload(raw, { apiVersion: `${group}/${version}`, kind, namespace, config });
        },
      });
    }),
  );
  const found: WorkloadFacts[] = [];
  for (const list of lists) {
    if (!list.ok) return list;
    found.push(...list.value.filter((each) => each !== undefined));
  }
  return { ok: true, value: found };
}
