/** Judges the pods of servers: is their sidecar there, of which version is it, can it be passed by? Pure. */
import type { CurrentSidecar, Facts, InjectedPod } from "../facts.ts";
import { count, createFinding, type Finding, type Level } from "../finding.ts";
import { judgeLook } from "../look.ts";
import { listRestarts } from "../restart.ts";
import { isTooFarApart, mostMinorsApart } from "../version.ts";
import { judgeInjection } from "./injection.ts";
import { judgeReadiness } from "./readiness.ts";

/** Everything about pods. */
export function judgePods(facts: Facts): readonly Finding[] {
  const { injected, sidecar, programs } = facts;
  const hasOperator = !programs.ok || programs.value.some(({ component }) => component === "operator");
  return [
    ...judgeLook("sidecars", injected, (pods) =>
      judgeLook("sidecars", sidecar, (current) => judgeSidecars(pods, current)),
    ),
    ...judgeInjection(facts),
    ...judgeLook("pods", injected, judgeReadiness),
    ...judgeLook("enforcement", injected, (pods) => judgeEnforced(pods, hasOperator)),
  ];
}

const nameOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

function judgeSidecars(pods: readonly InjectedPod[], current: CurrentSidecar): readonly Finding[] {
  if (pods.length === 0) return [createFinding("sidecars", "note", "no pod has a sidecar yet")];
  const describe = (pod: InjectedPod): string => `${nameOf(pod)}: ${pod.version}, ${pod.image}`;
  const others = pods.filter(({ image, version }) => image !== current.image || version !== current.version);
  const far = others.filter(({ version }) => isTooFarApart(version, current.version));
  const near = others.filter((pod) => !far.includes(pod));
  const tell = (level: Level, list: readonly InjectedPod[], message: string): readonly Finding[] =>
    list.length === 0
      ? []
      : [
          createFinding("sidecars", level, {
            message,
            objects: list.map(describe),
            next: listRestarts(list).join("\n"),
          }),
        ];
  const installed = `${current.version}, ${current.image}`;
  if (others.length === 0)
    return [createFinding("sidecars", "ok", `${count(pods.length, "sidecar")}, all of ${installed}`)];
  return [
    ...tell(
      "problem",
      far,
      `${count(far.length, "sidecar")} more than ${mostMinorsApart} minor versions from ${installed}`,
    ),
    ...tell("note", near, `${count(near.length, "sidecar")} not the installed one (${installed}); they work together`),
  ];
}

function judgeEnforced(pods: readonly InjectedPod[], hasOperator: boolean): readonly Finding[] {
  if (pods.length === 0) return [];
  const open = pods.filter(({ enforced }) => enforced?.status === "False");
  const unsure = pods.filter(({ enforced }) => enforced === undefined || enforced.status === "Unknown");
  const describe = (pod: InjectedPod): string =>
    `${nameOf(pod)}: ${pod.enforced === undefined ? "NotProbed" : `${pod.enforced.reason}: ${pod.enforced.message}`}`;
  if (open.length + unsure.length === 0)
    return [createFinding("enforcement", "ok", `${count(pods.length, "pod")}, no way round a sidecar was found`)];
  return [
    ...(open.length === 0
      ? []
      : [
          createFinding("enforcement", "problem", {
            message: `${count(open.length, "pod")} can be reached past the sidecar`,
            objects: open.map(describe),
            next: "use port mode loopback where the server can bind 127.0.0.1, or a network that enforces NetworkPolicy",
          }),
        ]),
    ...(unsure.length === 0
      ? []
      : [
          createFinding("enforcement", "warning", {
            message: `for ${count(unsure.length, "pod")} it is not known whether a way leads round the sidecar`,
            objects: unsure.map(describe),
            next: hasOperator
              ? "wait for the operator's next probe, then check again"
              : "nobody probes without the operator",
          }),
        ]),
  ];
}
