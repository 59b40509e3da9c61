/**
 * Judges how pods come to their sidecar: does anything ask for one, which pods lack theirs and why, and which would be refused when
 * they are made anew? Pure.
 */
import { keys } from "@outrigger/api/keys";
import type { Facts, MissedPod, RefusedPod, WorkloadFacts } from "../facts.ts";
import { count, createFinding, type Finding } from "../finding.ts";
import { judgeLook } from "../look.ts";
import { listRestarts } from "../restart.ts";

/** Everything about it. */
export function judgeInjection(facts: Facts): readonly Finding[] {
  const { missed, refused, workloads, nowMs } = facts;
  const known = workloads.ok ? workloads.value : [];
  return [
    ...judgeOptingIn(facts),
    ...judgeLook("injection", missed, judgeMissed),
    ...judgeLook("injection", refused, (list) => judgeRefused(list, workloads.ok ? known : undefined, nowMs)),
    ...judgeUnseen(facts),
    ...judgeFailing(known),
    ...judgeNext(known),
    ...judgeOut(known, facts.optedIn.ok ? facts.optedIn.value : []),
  ];
}

const { key } = keys.inject;
const label = `${key}=enabled`;
const nameOf = ({ namespace, kind, name }: WorkloadFacts): string => `${namespace}/${kind.toLowerCase()}/${name}`;

/** Nothing asks for a sidecar: what could, and how. */
function judgeOptingIn({ injected, missed, workloads, optedIn }: Facts): readonly Finding[] {
  if (!injected.ok || !missed.ok || !workloads.ok || !optedIn.ok) return [];
  const isUsed = injected.value.length + missed.value.length > 0;
  const hinted = workloads.value.filter(({ hint }) => hint !== "");
  if (hinted.length > 0) return [tellHinted(hinted)];
  if (isUsed || workloads.value.some(({ opting }) => opting === "asked")) return [];
  if (optedIn.value.length > 0) {
    const message = `${optedIn.value.join(", ")}: opted in, and without a workload`;
    return [createFinding("injection", "note", { message, next: "deploy an MCP server there" })];
  }
  const next = `kubectl label namespace NAME ${label}\nkubectl rollout restart deployment --namespace NAME`;
  return [createFinding("injection", "note", { message: "nothing asks for a sidecar: no pod and no namespace", next })];
}

function tellHinted(hinted: readonly WorkloadFacts[]): Finding {
  const are = hinted.length === 1 ? "calls itself an MCP server and asks" : "call themselves MCP servers and ask";
  return createFinding("injection", "note", {
    message: `${count(hinted.length, "workload")} ${are} for no sidecar`,
    objects: hinted.map((each) => `${nameOf(each)}: ${each.hint}`),
    next: hinted.map(optIn).join("\n"),
  });
}

/** Only the template's own label: what else is in the namespace is not ours to decide about. */
function optIn({ namespace, kind, name }: WorkloadFacts): string {
  const template = { template: { metadata: { labels: { [key]: "enabled" } } } };
  const spec = kind === "CronJob" ? { jobTemplate: { spec: template } } : template;
  return `kubectl patch ${kind.toLowerCase()}/${name} --namespace ${namespace} --patch '${JSON.stringify({ spec })}'`;
}

/** Templates that could not be seen; where pods could not be either, and for the same reason, that was told. */
function judgeUnseen({ missed, workloads }: Facts): readonly Finding[] {
  if (workloads.ok || (!missed.ok && missed.why === workloads.why)) return [];
  return judgeLook("injection", workloads, () => []);
}

function judgeMissed(pods: readonly MissedPod[]): readonly Finding[] {
  if (pods.length === 0) return [createFinding("injection", "ok", "every pod that asks for a sidecar has it")];
  const restarts = listRestarts(pods.filter(({ isRefused }) => !isRefused));
  const first = pods.some(({ isRefused }) => isRefused) ? ["mend what the messages name: such pods are refused"] : [];
  return [
    createFinding("injection", "problem", {
      message: `${count(pods.length, "pod")} should have a sidecar and ${pods.length === 1 ? "lacks" : "lack"} it`,
      objects: pods.map(({ namespace, name, why }) => `${namespace}/${name}: ${why}`),
      next: [...first, ...restarts].join("\n"),
    }),
  ];
}

/** Controllers try again for minutes; what is older than this was given up or mended. */
const recentMs = 15 * 60_000;

function judgeRefused(
  list: readonly RefusedPod[],
  workloads: readonly WorkloadFacts[] | undefined,
  nowMs: number,
): readonly Finding[] {
  const recent = list.filter((each) => nowMs - each.atMs < recentMs && !isOfDeployment(each, workloads));
  if (recent.length === 0) return [];
  return [
    createFinding("injection", "warning", {
      message: `pods of ${count(recent.length, "controller")} were refused in the last 15 minutes`,
      objects: recent.map(({ namespace, controller, note }) => `${namespace}/${controller}: ${note}`),
      next: "mend the pod template as each message says",
    }),
  ];
}

/** A Deployment says itself whether its pods are still refused, and one that is gone has none. */
function isOfDeployment({ controller, note }: RefusedPod, workloads: readonly WorkloadFacts[] | undefined): boolean {
  return workloads !== undefined && controller.startsWith("ReplicaSet ") && note.includes("(Deployment ");
}

function judgeFailing(workloads: readonly WorkloadFacts[]): readonly Finding[] {
  const failing = workloads.filter(({ failure }) => failure !== "");
  if (failing.length === 0) return [];
  return [
    createFinding("injection", "problem", {
      message: `pods of ${count(failing.length, "workload")} are refused`,
      objects: failing.map((each) => `${nameOf(each)}: ${each.failure}`),
      next: failing
        .map(({ namespace, kind, name }) => `kubectl edit ${kind.toLowerCase()}/${name} --namespace ${namespace}`)
        .join("\n"),
    }),
  ];
}

/** What runs now was made before its template, its namespace or the installation changed. */
function judgeNext(workloads: readonly WorkloadFacts[]): readonly Finding[] {
  const refused = workloads.filter(({ refusal, failure }) => refusal !== "" && failure === "");
  if (refused.length === 0) return [];
  return [
    createFinding("injection", "warning", {
      message: `pods of ${count(refused.length, "workload")} would be refused at their next restart`,
      objects: refused.map((each) => `${nameOf(each)}: ${each.refusal}`),
      next: refused
        .map(({ namespace, kind, name }) => `kubectl edit ${kind.toLowerCase()}/${name} --namespace ${namespace}`)
        .join("\n"),
    }),
  ];
}

/** Said because the namespace says otherwise, and nobody else would. */
function judgeOut(workloads: readonly WorkloadFacts[], optedIn: readonly string[]): readonly Finding[] {
  const out = workloads.filter(({ opting, namespace }) => opting === "out" && optedIn.includes(namespace));
  if (out.length === 0) return [];
  const message = `${count(out.length, "workload")} of an opted-in namespace ${out.length === 1 ? "opts" : "opt"} out by label`;
  return [createFinding("injection", "note", { message, objects: out.map(nameOf) })];
}
