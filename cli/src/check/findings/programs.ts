/** Judges the programs of the installation: are their pods ready, does one operator act, are they of one version? Pure. */
import type { Facts, LeaseFacts, ProgramFacts, ProgramPod, Release } from "../facts.ts";
import { count, createFinding, type Area, type Finding } from "../finding.ts";
import { judgeLook } from "../look.ts";

/** Operator, aggregator, and the versions of all. */
export function judgePrograms({ programs, programPods, lease, release, nowMs }: Facts): readonly Finding[] {
  const find = (list: readonly ProgramFacts[], component: string): ProgramFacts | undefined =>
    list.find((each) => each.component === component);
  return [
    ...judgeLook("operator", programs, (list) => {
      const operator = find(list, "operator");
      // An installation may go without one; what it then lacks was told at its installation.
      if (operator === undefined) return [createFinding("operator", "note", "none: nothing signs policies or probes")];
      return [
        ...judgeReady("operator", operator, release),
        ...judgeLook("operator", lease, (value) => judgeLease(value, nowMs, release)),
      ];
    }),
    ...judgeLook("aggregator", programs, (list) => judgeReady("aggregator", find(list, "aggregator"), release)),
    ...judgeLook("versions", programPods, judgeVersions),
  ];
}

/** Whether the pods of a program are ready; a Deployment that is missing is a problem. */
export function judgeReady(
  area: Area,
  program: ProgramFacts | undefined,
  { namespace, name }: Release,
): readonly Finding[] {
  const deployment = `deployment/${program?.name ?? `${name}-${area}`}`;
  const describe = `kubectl describe --namespace ${namespace} ${deployment}`;
  if (program === undefined)
    return [
      createFinding(area, "problem", { message: `no ${deployment} in ${namespace}`, next: "install the chart again" }),
    ];
  const { wanted, ready } = program;
  if (wanted === 0) {
    const next = `kubectl scale --namespace ${namespace} ${deployment} --replicas 2`;
    return [createFinding(area, "problem", { message: `${deployment} is scaled to 0`, next })];
  }
  const message = `${ready} of ${count(wanted, "pod")} ready`;
  if (ready >= wanted) return [createFinding(area, "ok", message)];
  return [createFinding(area, ready === 0 ? "problem" : "warning", { message, next: describe })];
}

/** Whether one operator acts. */
export function judgeLease(lease: LeaseFacts, nowMs: number, { namespace }: Release): readonly Finding[] {
  const next = `kubectl logs --namespace ${namespace} --selector app.kubernetes.io/component=operator`;
  if (lease.holder === "")
    return [
      createFinding("operator", "problem", { message: `nobody holds the lease ${lease.name}, so none acts`, next }),
    ];
  const silentMs = nowMs - lease.renewedMs;
  // Two terms, because the clocks of two machines are compared here.
  if (silentMs > 2 * lease.holdsMs) {
    const message = `${lease.holder} holds the lease, and last renewed it ${Math.round(silentMs / 1_000)} s ago`;
    return [createFinding("operator", "problem", { message, next })];
  }
  return [createFinding("operator", "ok", `${lease.holder} leads`)];
}

/** One version for all pods, and one image for all pods of a program. */
function judgeVersions(pods: readonly ProgramPod[]): readonly Finding[] {
  const versions = new Set(pods.map(({ version }) => version));
  const mixed = [...Map.groupBy(pods, ({ component }) => component).values()].filter(
    (group) => new Set(group.map(({ image }) => image)).size > 1,
  );
  const [only] = versions;
  if (versions.size <= 1 && mixed.length === 0)
    return only === undefined ? [] : [createFinding("versions", "ok", `every program is ${only}`)];
  const shown = versions.size > 1 ? pods : mixed.flat();
  return [
    createFinding("versions", "warning", {
      message: versions.size > 1 ? "programs of different versions" : "pods of one program with different images",
      objects: shown.map(({ name, version, image }) => `${name}: ${version}, ${image}`),
      next: "wait for the upgrade to end, or run it again",
    }),
  ];
}
