/** What an explanation says of what is there now in a cluster, as rows. Pure. */
import type { NowFacts, PodNow } from "../explain/explanation.ts";
import { under, type Row } from "./explain-injection.ts";
import type { Paint } from "./paint.ts";
import { toOneLine } from "./width.ts";

/** Pods that are told one by one; JSON has them all. */
const mostPods = 10;

/** The rows. `namespace`: on which the annotations that mend are put. */
export function listNowRows(
  { installed, pods, misfits, notes }: NowFacts,
  namespace: string,
  paint: Paint,
): readonly Row[] {
  return [
    ...(pods === undefined ? [] : listPods(pods, installed, paint)),
    ...misfits.flatMap(({ text, mends }): readonly Row[] => [
      [paint.warn("bounds"), text],
      ...listMend(mends, namespace),
    ]),
    ...notes.map((note): Row => [paint.warn("not known"), toOneLine(note)]),
  ];
}

function listPods(pods: readonly PodNow[], installed: NowFacts["installed"], paint: Paint): readonly Row[] {
  const told = pods.slice(0, mostPods).flatMap((pod) => describePod(pod, installed, paint));
  const rest = pods.length - mostPods;
  return under("now", [
    ...(pods.length === 0 ? ["no pods"] : told),
    ...(rest > 0 ? [`and ${rest} more pods: see --json`] : []),
  ]);
}

function listMend(mends: Readonly<Record<string, string>>, namespace: string): readonly Row[] {
  const pairs = Object.entries(mends).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? [] : [["fix", `kubectl annotate namespace ${namespace} --overwrite ${pairs.join(" ")}`]];
}

function describePod(pod: PodNow, installed: NowFacts["installed"], paint: Paint): readonly string[] {
  const { name, sidecar, ready, version = "unknown", enforced, atRestart, changes } = pod;
  if (!sidecar) return [`pod ${name}: ${paint.bad("without the sidecar")}, ${wordRestart(atRestart)}`];
  const state = ready ? paint.good("ready") : paint.warn("not ready");
  const age = installed === undefined || installed.version === version ? "" : ` (installed: ${installed.version})`;
  return [
    `pod ${name}: sidecar ${version}${age}, ${state}, ${wordConfig(pod, installed)}; ${wordRestart(atRestart)}`,
    ...(enforced === undefined
      ? ["enforced: nobody has looked yet"]
      : [`enforced: ${enforced.status} [${enforced.reason}] ${toOneLine(enforced.message)}`]),
    ...changes.map((change) => `would change: ${change}`),
  ];
}

function wordConfig({ configHash = "unknown" }: PodNow, installed: NowFacts["installed"]): string {
  if (installed === undefined) return `config ${configHash}`;
  return configHash === installed.configHash
    ? `config ${configHash} as installed`
    : `config ${configHash}, now ${installed.configHash}`;
}

function wordRestart(reason: string): string {
  switch (reason) {
    case "unknown":
      return "what a new one would be is not known";
    case "AlreadyInjected":
      return "a new one would be the same";
    case "Reinjected":
      return "a new one would differ";
    case "Injected":
      return "a new one would have it: it is older than its label, or no webhook answered";
    default:
      return `a new one: ${reason}`;
  }
}
