/** Judges whether the sidecars of a namespace fit into its LimitRanges and ResourceQuotas. Pure. */
import type { Facts, NamespaceBounds, WorkloadFacts } from "../facts.ts";
import { count, createFinding, type Finding } from "../finding.ts";
import { judgeLook } from "../look.ts";
import { findLimitMisfits, findQuotaMisfits, type Misfit } from "./bounds.ts";

/** Everything about them. Nothing is said where nothing bounds containers. */
export function judgeLimits({ bounds, workloads }: Facts): readonly Finding[] {
  const known = workloads.ok ? workloads.value : [];
  return judgeLook("limits", bounds, (list) => judge(list, known));
}

interface Told extends Misfit {
  readonly workload: WorkloadFacts;
}

function judge(list: readonly NamespaceBounds[], workloads: readonly WorkloadFacts[]): readonly Finding[] {
  const bounded = list.filter(({ limits, quotas }) => limits.length + quotas.length > 0);
  const misfits = workloads.flatMap((workload) => findMisfits(workload, bounded));
  const mendable = misfits.filter(({ mends }) => Object.keys(mends).length > 0);
  const others = misfits.filter((each) => !mendable.includes(each));
  if (bounded.length === 0) return [];
  if (misfits.length === 0) {
    const message = `sidecars fit what ${count(bounded.length, "namespace")} ${bounded.length === 1 ? "allows" : "allow"}`;
    return [createFinding("limits", "ok", message)];
  }
  return [
    ...(mendable.length === 0
      ? []
      : [
          createFinding("limits", "warning", {
            message: "sidecars are refused by what their namespaces allow, at the next restart of their pods",
            objects: mendable.map(describe),
            next: listAnnotations(mendable).join("\n"),
          }),
        ]),
    ...(others.length === 0
      ? []
      : [
          createFinding("limits", "note", {
            message: "namespaces have no room for another pod with a sidecar",
            objects: others.map(describe),
            next: "give the namespace more room before the next rollout",
          }),
        ]),
  ];
}

function findMisfits(workload: WorkloadFacts, bounded: readonly NamespaceBounds[]): readonly Told[] {
  const { resources, namespace } = workload;
  const own = bounded.find((each) => each.namespace === namespace);
  if (resources === undefined || own === undefined) return [];
  const { limits, quotas } = own;
  const misfits = [
    ...findLimitMisfits(resources, limits),
    ...quotas.flatMap((quota) => findQuotaMisfits(resources, quota, limits)),
  ];
  return misfits.map((misfit) => ({ ...misfit, workload }));
}

const describe = ({ workload: { namespace, kind, name }, text }: Told): string =>
  `${namespace}/${kind.toLowerCase()}/${name}: ${text}`;

/** On the namespace, since its bounds are for all of its pods. */
function listAnnotations(misfits: readonly Told[]): readonly string[] {
  const byNamespace = Map.groupBy(misfits, ({ workload }) => workload.namespace);
  return [...byNamespace].map(([namespace, list]) => {
    // The last of several for one key: they are about the same sidecar.
    const mends = new Map(list.flatMap((each) => Object.entries(each.mends)));
    const pairs = [...mends].map(([key, value]) => `${key}=${value}`);
    return `kubectl annotate namespace ${namespace} --overwrite ${pairs.join(" ")}`;
  });
}
