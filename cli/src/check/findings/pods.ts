/** Judges the pods of servers: is their sidecar there, of which version is it, can it be passed by? Pure. */
import type { CurrentSidecar, Facts, InjectedPod, MissedPod, RefusedPod } from "../facts.ts";
import { count, createFinding, type Finding, type Level } from "../finding.ts";
import { judgeLook } from "../look.ts";
import { isTooFarApart, mostMinorsApart } from "../version.ts";

/** How the reason of a pod ends that the webhook would inject now. */
const notAsked = "[NotInjected]";

/** Everything about pods. */
export function judgePods({ injected, missed, refused, sidecar, programs, nowMs }: Facts): readonly Finding[] {
  const hasOperator = !programs.ok || programs.value.some(({ component }) => component === "operator");
  return [
    ...judgeLook("sidecars", injected, (pods) =>
      judgeLook("sidecars", sidecar, (current) => judgeSidecars(pods, current)),
    ),
    ...judgeLook("injection", missed, judgeMissed),
    ...judgeLook("injection", refused, (list) => judgeRefused(list, nowMs)),
    ...judgeLook("enforcement", injected, (pods) => judgeEnforced(pods, hasOperator)),
  ];
}

const nameOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

/** What makes pods anew, in each of their namespaces. */
function restartIn(pods: readonly { readonly namespace: string }[]): string {
  const [first = "", ...more] = [...new Set(pods.map(({ namespace }) => namespace))];
  const others = more.length === 0 ? "" : `, and the same for ${more.join(", ")}`;
  return `kubectl rollout restart deployment --namespace ${first}${others}`;
}

function judgeSidecars(pods: readonly InjectedPod[], current: CurrentSidecar): readonly Finding[] {
  if (pods.length === 0) return [createFinding("sidecars", "note", "no pod has a sidecar yet")];
  const describe = (pod: InjectedPod): string => `${nameOf(pod)}: ${pod.version}, ${pod.image}`;
  const others = pods.filter(({ image, version }) => image !== current.image || version !== current.version);
  const far = others.filter(({ version }) => isTooFarApart(version, current.version));
  const near = others.filter((pod) => !far.includes(pod));
  const tell = (level: Level, list: readonly InjectedPod[], message: string): readonly Finding[] =>
    list.length === 0
      ? []
      : [createFinding("sidecars", level, { message, objects: list.map(describe), next: restartIn(list) })];
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

function judgeMissed(pods: readonly MissedPod[]): readonly Finding[] {
  if (pods.length === 0) return [createFinding("injection", "ok", "every pod that asks for a sidecar has it")];
  return [
    createFinding("injection", "problem", {
      message: `${count(pods.length, "pod")} should have a sidecar and ${pods.length === 1 ? "lacks" : "lack"} it`,
      objects: pods.map((pod) => `${nameOf(pod)}: ${pod.why}`),
      next: pods.every(({ why }) => why.endsWith(notAsked))
        ? restartIn(pods)
        : `mend what is named, then ${restartIn(pods)}`,
    }),
  ];
}

/** Controllers try again for minutes; what is older than this was given up or mended. */
const recentMs = 15 * 60_000;

function judgeRefused(list: readonly RefusedPod[], nowMs: number): readonly Finding[] {
  const recent = list.filter(({ atMs }) => nowMs - atMs < recentMs);
  if (recent.length === 0) return [];
  return [
    createFinding("injection", "warning", {
      message: `pods of ${count(recent.length, "controller")} were refused in the last 15 minutes`,
      objects: recent.map(({ namespace, controller, note }) => `${namespace}/${controller}: ${note}`),
      next: "mend the pod template as each message says",
    }),
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
