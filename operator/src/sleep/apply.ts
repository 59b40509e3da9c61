/**
 * Third stage of sleep: asks pods whether they are idle, keeps what is needed to find and wake a server, scales it to zero; and ends
 * what is kept. Stage before: reconcile.ts, next: report.ts.
 */
import { createHash } from "node:crypto";
import { asleepObject, writeAsleep, type AsleepServer } from "@outrigger/api/asleep";
import { resources, type ApiFailure, type Objects } from "@outrigger/kube";
import { packText } from "@outrigger/runtime/packed";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import { managedBy } from "../cluster/network-policy.ts";
import type { WorkloadIdentity } from "../cluster/workload.ts";
import { judgeAnswers, type Candidate, type IdleJudgement, type KnownAsleep, type Obstacle } from "./reconcile.ts";
import { isAtZero, isStanding, scaleFromZero, scaleToZero } from "./scale.ts";
import type { ContentAnswer, Sidecars } from "./sidecars.ts";

/** What the stage works with. `namespace`: the operator's own, where ConfigMaps are kept. */
export interface Bed {
  readonly objects: Objects;
  readonly sidecars: Sidecars;
  readonly namespace: string;
  readonly signal: AbortSignal;
  readonly elapsedMs: () => number;
  readonly nowMs: () => number;
}

/** What came of a candidate. `again`: it changed under our hands, and is worth another look at once. */
export type SleepOutcome =
  | { readonly kind: "asleep"; readonly server: AsleepServer }
  | { readonly kind: "used" | "again" }
  | { readonly kind: "obstacle"; readonly obstacle: Obstacle };

/** One candidate, asked and dealt with. */
export interface Tried {
  readonly lastUseMs: ReadonlyMap<string, number>;
  readonly outcome: SleepOutcome;
}

/** Asks all pods of a candidate, and puts it to sleep where all of them are idle. Never rejects. */
export async function trySleep(candidate: Candidate, bed: Bed): Promise<Tried> {
  const first = await askActivity(candidate, bed);
  if (first.kind !== "idle") return { lastUseMs: first.lastUseMs, outcome: judge(candidate, first) };
  const content = await readContent(candidate, bed);
  // Once more: what is kept may be large, and a call may have come while it was fetched.
  const judged = await askActivity(candidate, bed);
  const outcome = judged.kind === "idle" ? await act(candidate, content, bed) : judge(candidate, judged);
  return { lastUseMs: judged.lastUseMs, outcome };
}

async function askActivity(candidate: Candidate, { signal, sidecars, elapsedMs }: Bed): Promise<IdleJudgement> {
  const answers = await Promise.all(candidate.pods.map((pod) => sidecars.readActivity(pod, signal)));
  return judgeAnswers(candidate, answers, elapsedMs());
}

function judge(candidate: Candidate, judged: IdleJudgement): SleepOutcome {
  return judged.kind === "unknown" ? refuse(candidate, "ActivityUnknown", judged.note) : { kind: "used" };
}

function refuse({ workload }: Candidate, reason: Obstacle["reason"], note: string): SleepOutcome {
  return { kind: "obstacle", obstacle: { workload, reason, note } };
}

async function act(candidate: Candidate, content: ContentAnswer, bed: Bed): Promise<SleepOutcome> {
  if (!content.ok) return refuse(candidate, "CatalogueUnknown", content.problem);
  const server = describeServer(candidate, content.value, bed.nowMs());
  const written = writeAsleep(server, packText);
  if (!written.ok) return refuse(candidate, "CatalogueTooLarge", written.problem);
  const kept = await keep(server, written.value, bed);
  if (kept !== undefined) return refuse(candidate, "SleepFailed", kept.message);
  const failure = await scaleToZero(candidate.workload, bed.objects);
  if (failure === undefined) return { kind: "asleep", server };
  // What kept us from it may have been our own write, seen late.
  if (failure.kind === "conflict" && (await isAtZero(candidate.workload, bed.objects))) return { kind: "again" };
  await forget(nameAsleep(identityOf(server)), bed);
  return failure.kind === "conflict" ? { kind: "again" } : refuse(candidate, "SleepFailed", failure.message);
}

/** What the newest pod that answers lists: after a rollout that is what the others will list, too. */
async function readContent({ pods }: Candidate, { sidecars, signal }: Bed): Promise<ContentAnswer> {
  let answer: ContentAnswer = { ok: false, problem: "it has no pods" };
  for (const pod of newestFirst(pods)) {
    answer = await sidecars.readContent(pod, signal);
    if (answer.ok) return answer;
  }
  return answer;
}

const newestFirst = (pods: readonly InjectedPod[]): readonly InjectedPod[] =>
  [...pods].sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));

function describeServer(
  { workload, pods }: Candidate,
  content: Pick<AsleepServer, "state" | "catalogue">,
  nowMs: number,
): AsleepServer {
  const { kind, name, uid, namespace, replicas } = workload;
  const [newest] = newestFirst(pods);
  return {
    format: 1,
    namespace,
    server: newest?.server ?? name,
    group: newest?.shown.group ?? "",
    workload: { kind, name, uid },
    replicas,
    since: new Date(nowMs).toISOString(),
    createdAt: newest?.createdAt ?? "",
    labels: newest?.labels ?? {},
    ...newest?.shown,
    ...content,
  };
}

/** The workload of a sleeping server. */
export function identityOf({ namespace, workload }: Pick<AsleepServer, "namespace" | "workload">): WorkloadIdentity {
  return { namespace, ...workload };
}

/** The name of the ConfigMap of a workload: names of namespaces and workloads together may be longer than a name may be. */
export function nameAsleep({ namespace, kind, name }: WorkloadIdentity): string {
  const digest = createHash("sha256").update(`${namespace}/${kind}/${name}`).digest("hex");
  return `${asleepObject.namePrefix}${digest.slice(0, 24)}`;
}

type Members = Extract<ReturnType<typeof writeAsleep>, { readonly ok: true }>["value"];

async function keep(server: AsleepServer, members: Members, bed: Bed): Promise<ApiFailure | undefined> {
  const object = {
    metadata: { labels: { [asleepObject.label]: asleepObject.labelValue, [managedBy.label]: managedBy.value } },
    ...members,
  };
  const at = { resource: resources.configMaps, namespace: bed.namespace, name: nameAsleep(identityOf(server)) };
  const applied = await bed.objects.apply(at, object, { fieldManager: managedBy.value, ownership: "take" });
  return applied.ok ? undefined : applied.failure;
}

/** Removes what is kept; with `uid` only that very one. What is gone is no failure. */
export async function forget(
  name: string,
  { objects, namespace }: Pick<Bed, "objects" | "namespace">,
  uid?: string,
): Promise<ApiFailure | undefined> {
  const at = { resource: resources.configMaps, namespace, name };
  const removed = await objects.remove(at, uid === undefined ? undefined : { uid });
  return removed.ok || removed.failure.kind === "notFound" ? undefined : removed.failure;
}

/** What came of a sleeping server whose workload is not one that may sleep. */
export type Unwanted =
  { readonly kind: "started" | "waits" | "gone" } | { readonly kind: "failed"; readonly failure: ApiFailure };

/** Wakes it where it exists, and forgets it where it does not, or runs. What is kept stays until its pods are ready. */
export async function endUnwanted({ name, uid, identity }: KnownAsleep, bed: Bed): Promise<Unwanted> {
  const started = await scaleFromZero(identityOf(identity), identity.replicas, bed.objects);
  if (started.kind === "failed") return started;
  if (started.kind === "started") return { kind: "started" };
  if (started.kind === "runs" && !(await isStanding(identityOf(identity), bed.objects))) return { kind: "waits" };
  const failure = await forget(name, bed, uid);
  return failure === undefined ? { kind: "gone" } : { kind: "failed", failure };
}
