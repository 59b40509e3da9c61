/** The duty "sleep": servers that nobody calls run on no pod, and stay known. Stages in their order. */
import type { ClusterView } from "../cluster/view.ts";
import type { DutyResult } from "../duty.ts";
import { endUnwanted, forget, trySleep, type Bed, type Tried } from "./apply.ts";
import { observeSleep } from "./observe.ts";
import { planSleep, type Candidate, type Obstacle, type SleepPlan } from "./reconcile.ts";
import { reportAsleep, reportObstacles, reportWoken, type SleepListeners } from "./report.ts";

/** What the duty works with. */
export interface SleepParts extends Omit<Bed, "signal">, SleepListeners {
  readonly view: ClusterView;
}

/** Workloads that are asked at once. */
const lanes = 8;

/** After how long a workload that could not sleep is tried again; and one that changed just then, ms. */
const retryMs = 30_000;
const againMs = 1_000;

/** Creates one run of the duty. */
export function createSleepRun(parts: SleepParts): (signal: AbortSignal) => Promise<DutyResult> {
  const lastUseMs = new Map<string, number>();
  const retryAtMs = new Map<string, number>();
  const told = new Map<string, string>();

  const tryOne = async (candidate: Candidate, bed: Bed): Promise<Obstacle | undefined> => {
    const { lastUseMs: seen, outcome }: Tried = await trySleep(candidate, bed);
    for (const [uid, ms] of seen) lastUseMs.set(uid, ms);
    const { uid } = candidate.workload;
    // What was cut short by the end of this leader's term says nothing.
    if (bed.signal.aborted) return undefined;
    if (outcome.kind === "asleep") {
      reportAsleep(outcome.server, parts);
      // Until the watches have seen it, it looks as before.
      retryAtMs.set(uid, parts.elapsedMs() + retryMs);
    }
    if (outcome.kind === "again") retryAtMs.set(uid, parts.elapsedMs() + againMs);
    if (outcome.kind !== "obstacle") return undefined;
    retryAtMs.set(uid, parts.elapsedMs() + retryMs);
    return outcome.obstacle;
  };

  const tryAll = async (candidates: readonly Candidate[], bed: Bed): Promise<readonly Obstacle[]> => {
    const queue = [...candidates];
    const obstacles: Obstacle[] = [];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined && !bed.signal.aborted; next = queue.shift()) {
        const obstacle = await tryOne(next, bed);
        if (obstacle !== undefined) obstacles.push(obstacle);
      }
    };
    await Promise.all(Array.from({ length: Math.min(lanes, queue.length) }, work));
    return obstacles;
  };

  const plan = (): SleepPlan =>
    planSleep(
      observeSleep(parts.view),
      { lastUseMs, retryAtMs },
      { elapsedMs: parts.elapsedMs(), nowMs: parts.nowMs() },
    );

  return async (signal) => {
    const bed = { ...parts, signal };
    const planned = plan();
    const problems = await endAll(planned, bed);
    const found = await tryAll(planned.asks, bed);
    const tried = new Set(planned.asks.map(({ workload }) => workload.uid));
    forgetGone(parts.view, { lastUseMs, retryAtMs, told });
    forgetTold({ told, found, tried });
    reportObstacles([...planned.obstacles, ...found], parts, told);
    parts.metrics.showAsleep(parts.view.asleep().length);
    const { dueMs } = plan();
    const waitMs = dueMs === undefined ? undefined : Math.max(againMs, dueMs - parts.elapsedMs());
    return { problems, ...(waitMs === undefined ? {} : { nextMs: waitMs }) };
  };
}

/** Ends what is kept of servers that run again, wakes those that may sleep no longer; gives what failed. */
async function endAll({ awake, unwanted, broken }: SleepPlan, bed: SleepParts & Bed): Promise<readonly string[]> {
  const problems = broken.map(({ name, problem }) => `ConfigMap ${name}: ${problem}`);
  for (const { name, uid } of awake) {
    const failure = await forget(name, bed, uid);
    if (failure !== undefined) problems.push(failure.message);
    else bed.logger.info({ configMap: name }, "a server is awake");
  }
  for (const each of unwanted) {
    const ended = await endUnwanted(each, bed);
    if (ended.kind === "started") reportWoken(each.identity, "its owner lets it sleep no longer", bed);
    if (ended.kind === "failed") problems.push(ended.failure.message);
  }
  return problems;
}

interface Memory {
  readonly lastUseMs: Map<string, number>;
  readonly retryAtMs: Map<string, number>;
  readonly told: Map<string, string>;
}

/** Forgets pods and workloads that are gone. */
function forgetGone(view: ClusterView, { lastUseMs, retryAtMs, told }: Memory): void {
  const pods = new Set(view.pods().map(({ uid }) => uid));
  const workloads = new Set(view.workloads().map(({ uid }) => uid));
  for (const uid of lastUseMs.keys()) if (!pods.has(uid)) lastUseMs.delete(uid);
  for (const uid of retryAtMs.keys()) if (!workloads.has(uid)) retryAtMs.delete(uid);
  for (const uid of told.keys()) if (!workloads.has(uid)) told.delete(uid);
}

/** An obstacle that was not found any more may be told anew when it comes back. */
function forgetTold(parts: {
  readonly told: Map<string, string>;
  readonly found: readonly Obstacle[];
  readonly tried: ReadonlySet<string>;
}): void {
  const stopped = new Set(parts.found.map(({ workload }) => workload.uid));
  for (const uid of parts.tried) if (!stopped.has(uid)) parts.told.delete(uid);
}
