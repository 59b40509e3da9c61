/**
 * Second stage of the probe: which pods are due, what is to be dialled, what the answers mean. Pure. Stage before: observe.ts,
 * next: apply.ts.
 */
import { sidecarPorts } from "@outrigger/api/ports";
import { listAppPorts, sharesPort } from "../cluster/app-ports.ts";
import type { Enforced } from "@outrigger/api/enforced";
import type { InjectedPod } from "../cluster/injected-pod.ts";

/** What came of dialling one address. `closed`: refused or silent. */
export type Dialled = "accepted" | "closed";

/** One address to dial. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** What is dialled for a pod: first whether the sidecar is there, then every way that must be closed. */
export interface ProbePlan {
  readonly control: readonly Target[];
  readonly ways: readonly Target[];
  /** Where app and sidecar share a number, the app may hold it while the sidecar is away. */
  readonly shared: readonly Target[];
}

/** Plans the probe of a pod. */
export function planProbe(pod: InjectedPod): ProbePlan {
  const at = (port: number): Target[] => pod.addresses.map((host) => ({ host, port }));
  return {
    control: at(sidecarPorts.admin),
    ways: listAppPorts(pod).flatMap(at),
    shared: sharesPort(pod) && pod.dataPort !== undefined ? at(pod.dataPort) : [],
  };
}

/** The answers, in the order of the plan's targets. */
export interface ProbeAnswers {
  readonly control: readonly Dialled[];
  readonly ways: readonly Dialled[];
  readonly shared: readonly Dialled[];
}

/** Judges. `from` says where was dialled from; the message never holds a time, so that an equal result is an equal text. */
export function judgeProbe(
  { guarantee }: Pick<InjectedPod, "guarantee">,
  { plan, answers, from }: { readonly plan: ProbePlan; readonly answers: ProbeAnswers; readonly from: string },
): Enforced {
  const passed = plan.ways.filter((_, index) => answers.ways[index] === "accepted");
  if (passed.length > 0) return bypass(passed, from);
  const isSidecarThere = answers.control.length > 0 && answers.control.every((answer) => answer === "accepted");
  if (!isSidecarThere) {
    const held = plan.shared.filter((_, index) => answers.shared[index] === "accepted");
    if (held.length > 0) return bypass(held, from);
    const message = `the sidecar's port ${sidecarPorts.admin} does not answer to ${from}`;
    return { status: "Unknown", reason: "ProbeInconclusive", message };
  }
  const message = `${describe(plan.ways)} closed to ${from}, the only place that was tried from`;
  return { status: "True", reason: reasonOf[guarantee], message };
}

const reasonOf = { loopback: "LoopbackBound", stdio: "NothingListens", policy: "PolicyEnforced" } as const;

function bypass(ways: readonly Target[], from: string): Enforced {
  const list = ways.map(format).join(", ");
  return { status: "False", reason: "BypassReachable", message: `${list} can be reached from ${from}` };
}

function describe(ways: readonly Target[]): string {
  if (ways.length === 0) return "no port besides the sidecar's:";
  return `${[...new Set(ways.map(({ port }) => port))].map((port) => `port ${port}`).join(", ")}:`;
}

function format({ host, port }: Target): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Times in ms. `firstMs`: over how long first probes are spread when a leader begins. */
export interface ProbeTimes {
  readonly intervalMs: number;
  readonly retryMs: number;
  readonly firstMs: number;
}

/**
 * What is remembered of a pod between probes. `situation`: what it looked like, see {@link describeSituation}. `isNew`: it was
 * not probed twice in this situation yet; a network takes a while to follow what is written down, so the first result is
 * soon tried again.
 */
export interface ProbeMemory {
  readonly situation: string;
  readonly dueMs: number;
  readonly isNew: boolean;
}

/** Everything about a pod that makes an old result worthless when it changes. */
export function describeSituation(pod: InjectedPod, policies: string): string {
  const { addresses, dataPort, isReady } = pod;
  return JSON.stringify([addresses, dataPort, listAppPorts(pod), isReady, policies]);
}

/** Whether a pod can be probed at all: it has an address and reported ready once, or was probed before. */
export function isProbeable({ addresses, isReady, dataPort, enforced }: InjectedPod): boolean {
  return addresses.length > 0 && dataPort !== undefined && (isReady || enforced !== undefined);
}

/** When a pod is due after a probe: after the interval, or sooner where the result may not last; a tenth more or less. */
export function planNext(
  { situation, isNew }: ProbeMemory,
  { result, times }: { readonly result: Enforced["status"]; readonly times: ProbeTimes },
  now: { readonly nowMs: number; readonly random: number },
): ProbeMemory {
  const isSettled = result === "True" && !isNew;
  const spanMs = isSettled ? times.intervalMs : Math.min(times.retryMs, times.intervalMs);
  return { situation, isNew: false, dueMs: now.nowMs + spanMs * (0.9 + now.random * 0.2) };
}

/** When a pod that this leader meets first is due: at once without a result, else somewhen soon, so that not all are at once. */
export function planFirst(
  { enforced }: Pick<InjectedPod, "enforced">,
  times: ProbeTimes,
  now: { readonly nowMs: number; readonly random: number },
): number {
  return enforced === undefined ? now.nowMs : now.nowMs + Math.min(times.firstMs, times.intervalMs) * now.random;
}
