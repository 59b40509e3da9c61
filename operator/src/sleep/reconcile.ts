/**
 * Second stage of sleep: which workloads are due to be asked whether they are idle, which are, and which sleeping ones run again. Pure.
 * Stage before: observe.ts, next: apply.ts.
 */
import type { AsleepIdentity } from "@outrigger/api/asleep";
import type { Activity } from "@outrigger/api/feed";
import type { Reason } from "@outrigger/api/reasons";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import type { AsleepFacts } from "../cluster/own-objects.ts";
import { isPodOf, type WorkloadFacts } from "../cluster/workload.ts";
import type { ObservedSleep } from "./observe.ts";

/** What one leader remembers, by a steady clock in ms. */
export interface SleepMemory {
  /** When a pod was used last, keyed by its uid: before its time has passed since, nothing is asked. */
  readonly lastUseMs: ReadonlyMap<string, number>;
  /** When to try again with a workload that could not sleep, keyed by its uid. */
  readonly retryAtMs: ReadonlyMap<string, number>;
}

/** A workload that may sleep, with its pods: exactly those that it wants, all of them with the sidecar. */
export interface Candidate {
  readonly workload: WorkloadFacts;
  readonly ttlMs: number;
  readonly pods: readonly InjectedPod[];
}

/** Why a workload does not sleep, for its owner. */
export interface Obstacle {
  readonly workload: WorkloadFacts;
  readonly reason: Extract<
    Reason,
    | "InvalidAnnotation"
    | "SidecarsMissing"
    | "ActivityUnknown"
    | "CatalogueUnknown"
    | "CatalogueTooLarge"
    | "SleepFailed"
  >;
  readonly note: string;
}

/** What is to be done. */
export interface SleepPlan {
  readonly asks: readonly Candidate[];
  readonly obstacles: readonly Obstacle[];
  /** Servers that run again. */
  readonly awake: readonly KnownAsleep[];
  /** Sleeping servers whose workload may sleep no longer, or is gone: which of both, the API server knows. */
  readonly unwanted: readonly KnownAsleep[];
  readonly broken: readonly { readonly name: string; readonly problem: string }[];
  /** When something may be due, by the steady clock; undefined where nothing is awaited. */
  readonly dueMs: number | undefined;
}

/** A sleeping server that can be read. */
export interface KnownAsleep {
  readonly name: string;
  readonly uid: string;
  readonly identity: AsleepIdentity;
}

/** Both clocks: steady for waiting, Unix epoch for what stands in the cluster. */
export interface SleepClock {
  readonly elapsedMs: number;
  readonly nowMs: number;
}

/** Plans. */
export function planSleep(observed: ObservedSleep, memory: SleepMemory, clock: SleepClock): SleepPlan {
  const known = observed.asleep.flatMap(toKnown);
  const asleep = new Set(known.map(({ identity }) => identity.workload.uid));
  const verdicts = observed.workloads
    .filter(({ uid }) => !asleep.has(uid))
    .map((workload) => judgeWorkload(workload, podsOf(workload, observed), { memory, atMs: clock.elapsedMs }));
  const states = known.map((each) => ({ each, state: judgeAsleep(each.identity, observed, clock.nowMs) }));
  const due = verdicts.flatMap((verdict) => (verdict.kind === "wait" ? [verdict.untilMs] : []));
  return {
    asks: verdicts.flatMap((verdict) => (verdict.kind === "ask" ? [verdict.candidate] : [])),
    obstacles: verdicts.flatMap((verdict) => (verdict.kind === "obstacle" ? [verdict.obstacle] : [])),
    awake: states.filter(({ state }) => state === "awake").map(({ each }) => each),
    unwanted: states.filter(({ state }) => state === "unwanted").map(({ each }) => each),
    broken: observed.asleep.flatMap(({ name, identity }) => (identity.ok ? [] : [{ name, problem: identity.problem }])),
    dueMs: due.length === 0 ? undefined : Math.min(...due),
  };
}

function toKnown({ name, uid, identity }: AsleepFacts): readonly KnownAsleep[] {
  return identity.ok ? [{ name, uid, identity: identity.value }] : [];
}

function podsOf(workload: WorkloadFacts, { pods }: ObservedSleep): readonly InjectedPod[] {
  return (pods.get(workload.namespace) ?? []).filter((pod) => isPodOf(pod, workload));
}

/** What is found about one workload that is awake. */
type Verdict =
  | { readonly kind: "nothing" }
  | { readonly kind: "obstacle"; readonly obstacle: Obstacle }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "ask"; readonly candidate: Candidate };

/** Judges a workload by what the cluster and memory know of it, without asking its pods. */
function judgeWorkload(
  workload: WorkloadFacts,
  pods: readonly InjectedPod[],
  { memory, atMs }: { readonly memory: SleepMemory; readonly atMs: number },
): Verdict {
  const { idleTtl } = workload;
  if (!idleTtl.ok) return refuse(workload, "InvalidAnnotation", `outrigger.dev/idle-ttl: expected ${idleTtl.expected}`);
  // At zero already, or on its way to some other number: nobody is asked before it stands still.
  if (workload.replicas === 0 || !workload.isSettled) return { kind: "nothing" };
  const ready = pods.filter(({ isReady }) => isReady);
  if (ready.length !== workload.replicas) {
    const note = `${ready.length} of ${workload.replicas} pods carry the sidecar; only then it's known whether they are used`;
    return refuse(workload, "SidecarsMissing", note);
  }
  const candidate = { workload, ttlMs: idleTtl.ms, pods: ready };
  const untilMs = Math.max(earliestMs(candidate, memory), memory.retryAtMs.get(workload.uid) ?? atMs);
  return untilMs > atMs ? { kind: "wait", untilMs } : { kind: "ask", candidate };
}

function refuse(workload: WorkloadFacts, reason: Obstacle["reason"], note: string): Verdict {
  return { kind: "obstacle", obstacle: { workload, reason, note } };
}

/** When all of its pods can have been idle for so long at the earliest. A pod that was never asked may have been for ever. */
function earliestMs({ pods, ttlMs }: Candidate, { lastUseMs }: Pick<SleepMemory, "lastUseMs">): number {
  return Math.max(...pods.map(({ uid }) => (lastUseMs.get(uid) ?? Number.NEGATIVE_INFINITY) + ttlMs));
}

/** What a pod said of its use, or why it said nothing. */
export type ActivityAnswer =
  { readonly ok: true; readonly value: Activity } | { readonly ok: false; readonly problem: string };

/** What the answers of all pods of a candidate come to, in their order. `lastUseMs`: what is to be remembered. */
export type IdleJudgement =
  | { readonly kind: "idle" | "used"; readonly lastUseMs: ReadonlyMap<string, number> }
  | { readonly kind: "unknown"; readonly note: string; readonly lastUseMs: ReadonlyMap<string, number> };

/** Judges the answers: a workload is idle where each of its pods is. */
export function judgeAnswers(candidate: Candidate, answers: readonly ActivityAnswer[], atMs: number): IdleJudgement {
  const lastUseMs = new Map<string, number>();
  const problems: string[] = [];
  for (const [index, pod] of candidate.pods.entries()) {
    const answer = answers[index];
    if (answer?.ok === true) lastUseMs.set(pod.uid, atMs - readIdle(answer.value));
    else problems.push(`pod ${pod.name}: ${answer?.problem ?? "not asked"}`);
  }
  const [first] = problems;
  if (first !== undefined) return { kind: "unknown", note: first, lastUseMs };
  return { kind: earliestMs(candidate, { lastUseMs }) <= atMs ? "idle" : "used", lastUseMs };
}

const readIdle = ({ inFlight, idleMs }: Activity): number => (inFlight > 0 ? 0 : idleMs);

/** The API server's clock may be behind ours by so much, ms. Pods that fell asleep are older by half a minute at least. */
const clockSkewMs = 15_000;

/** After so long a pod that runs is none that is just ending, ms. */
const lingerMs = 120_000;

/** Judges a server that sleeps: whether one of its pods is ready again, and whether its owner still lets it sleep. */
function judgeAsleep(
  { workload, namespace, since }: AsleepIdentity,
  observed: ObservedSleep,
  nowMs: number,
): "asleep" | "awake" | "unwanted" {
  const sinceMs = Date.parse(since);
  const isNew = (pod: InjectedPod): boolean =>
    Date.parse(pod.createdAt) > sinceMs - clockSkewMs || nowMs - sinceMs > lingerMs;
  const pods = (observed.pods.get(namespace) ?? []).filter((pod) => isPodOf(pod, { ...workload, namespace }));
  if (pods.some((pod) => pod.isReady && isNew(pod))) return "awake";
  const facts = observed.workloads.find(({ uid }) => uid === workload.uid);
  if (facts === undefined) return "unwanted";
  // Without sidecars it is no server of ours any more, but it runs.
  return facts.replicas > 0 && facts.isSettled && nowMs - sinceMs > lingerMs ? "awake" : "asleep";
}
