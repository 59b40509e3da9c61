/**
 * The order of the benchmark on a cluster: what is measured at rest first, what breaks things last. A measurement that fails is told and
 * leaves its rows out; the others stand. Decides nothing about bars.
 */
import type { Progress } from "../../cluster/progress.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { barePod } from "./bare-image.ts";
import { createCaller, type Way } from "./caller.ts";
import { measureFirstCalls, type FirstCalls } from "./first-call.ts";
import { measureKills, type KillRow } from "./kills.ts";
import { measureLatency, type Latency, type LatencyPlan } from "./latency.ts";
import { readMemory, type ContainerMemory } from "./memory.ts";
import { measurePolicyEdits, type PolicyEditPlan, type PolicyEdits } from "./policy-edit.ts";
import { compare } from "./rows.ts";
import { withStage, type Pod, type Stage } from "./stage.ts";

/** How much is measured. */
export interface ClusterPlan {
  readonly firstCalls: number;
  readonly latency: LatencyPlan;
  readonly policyEdits: PolicyEditPlan;
  readonly kills: number;
}

/** For a look while something is changed. */
export const quickPlan: ClusterPlan = {
  firstCalls: 3,
  latency: { rounds: 5, seconds: 1, warmUpSeconds: 3 },
  policyEdits: { annotationRounds: 3, chartRounds: 1 },
  kills: 1,
};

/** For figures that are written down. */
export const fullPlan: ClusterPlan = {
  firstCalls: 7,
  latency: { rounds: 11, seconds: 2, warmUpSeconds: 6 },
  policyEdits: { annotationRounds: 10, chartRounds: 3 },
  kills: 3,
};

/** Everything that can be measured. */
export interface ClusterFacts {
  readonly firstCalls: FirstCalls;
  readonly memory: Readonly<Record<"appPlain" | "appOurs" | "sidecar" | "bare", ContainerMemory>> & {
    /** Pods of one server with one replica. */
    readonly pods: { readonly plain: number; readonly ours: number };
  };
  readonly latency: Readonly<Record<"direct" | "sidecar" | "aggregator", Latency>>;
  readonly policyEdits: PolicyEdits;
  readonly kills: readonly KillRow[];
}

/** A run. `failures`: one sentence for each measurement that gave nothing. */
export interface ClusterRun {
  readonly clusterVersion: string;
  readonly facts: Partial<ClusterFacts>;
  readonly failures: readonly string[];
}

/** Runs it; what it starts has ended when it returns. Rejects where nothing can be measured. */
export function benchCluster(plan: ClusterPlan, progress: Progress): Promise<ClusterRun> {
  return withStage(progress, async (stage) => {
    const servers = await progress.step("servers with and without us Ready", () => deploy(stage));
    const facts: { -readonly [Name in keyof ClusterFacts]?: ClusterFacts[Name] } = {};
    const failures: string[] = [];
    const measure = async <Name extends keyof ClusterFacts>(
      name: Name,
      title: string,
      work: () => Promise<ClusterFacts[Name]>,
    ): Promise<void> => {
      try {
        const found = await progress.step(title, work);
        facts[name] = found;
        for (const row of compare({ [name]: found })) {
          progress.note(`        ${row.question}: ${row.without === "" ? "" : `${row.without} -> `}${row.ours}`);
        }
      } catch (error) {
        failures.push(`${title}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    await measure("firstCalls", "apply to first call", () => measureFirstCalls(stage, plan.firstCalls));
    await measure("memory", "pods and memory at rest", () => measureMemory(stage, servers));
    await measure("latency", "time of a call on each way", () => measureWays(stage, servers, plan.latency));
    await measure("policyEdits", "policy edits to effect", () =>
      measurePolicyEdits(stage, { name: names.ours, pod: servers.ours }, plan.policyEdits),
    );
    await measure("kills", "processes killed under load", () => measureKills(stage, plan.kills));
    for (const reason of facts.kills?.flatMap(tellReasons) ?? []) progress.note(`        ${reason}`);
    return { clusterVersion: stage.clusterVersion, facts, failures };
  });
}

const names = { plain: "plain", ours: "ours", bare: "bare" } as const;

interface Servers {
  readonly plain: Pod;
  readonly ours: Pod;
  readonly bare: Pod;
  /** By the wall clock, as the kubelet's counts are. */
  readonly readyAtMs: number;
}

async function deploy(stage: Stage): Promise<Servers> {
  await stage.deploy(names.plain, "plain");
  await stage.deploy(names.ours, "ours");
  const [[plain], [ours]] = await Promise.all([stage.podsReady(names.plain), stage.podsReady(names.ours)]);
  if (plain === undefined || ours === undefined) throw new Error("a pod is missing");
  await stage.create(barePod(names.bare, stage.bareImage, new URL(stage.direct(plain).url).origin));
  const [bare] = await stage.podsReady(names.bare);
  if (bare === undefined) throw new Error("a pod is missing");
  const base = new URL(stage.throughAggregator(names.ours).url).origin;
  await waitFor("the aggregator", async () => (await fetch(`${base}/api/v1/servers`)).ok, 30_000);
  // What a program loads with its first calls is part of it, in the sidecar (which has listed the server) as in the passthrough.
  await putToUse(stage.throughSidecar(ours));
  await putToUse(stage.throughBare(bare));
  return { plain, ours, bare, readyAtMs: Date.now() };
}

const firstUses = 50;

async function putToUse(way: Way): Promise<void> {
  const caller = createCaller(way);
  // The passthrough has headers of its own, which the server refuses: bytes go both ways all the same.
  for (let count = 0; count < firstUses; count++) await caller.call();
  caller.close();
}

async function measureWays(
  stage: Stage,
  { plain, ours }: Servers,
  plan: LatencyPlan,
): Promise<ClusterFacts["latency"]> {
  const ways = [stage.direct(plain), stage.throughSidecar(ours), stage.throughAggregator(names.ours)];
  const [direct, sidecar, aggregator] = await measureLatency(ways, plan);
  if (direct === undefined || sidecar === undefined || aggregator === undefined) throw new Error("a way is missing");
  return { direct, sidecar, aggregator };
}

async function measureMemory(stage: Stage, { plain, ours, bare, readyAtMs }: Servers): Promise<ClusterFacts["memory"]> {
  const pods = { plain: (await stage.pods(names.plain)).length, ours: (await stage.pods(names.ours)).length };
  const all = await readMemory(
    stage,
    [plain, ours, bare].map(({ metadata }) => metadata.name),
    readyAtMs,
  );
  const find = (pod: Pod, isWanted: (container: string) => boolean): ContainerMemory => {
    const found = all.find((each) => each.pod === pod.metadata.name && isWanted(each.container));
    if (found === undefined) throw new Error(`the kubelet counts no such container of ${pod.metadata.name}`);
    return found;
  };
  const isApp = (container: string): boolean => container === "app";
  return {
    pods,
    appPlain: find(plain, isApp),
    appOurs: find(ours, isApp),
    sidecar: find(ours, (container) => !isApp(container)),
    bare: find(bare, () => true),
  };
}

/** Why calls were lost that no break explains: without it a missed bar says nothing about its cause. */
function tellReasons({ killed, way, losses }: KillRow): readonly string[] {
  if (way === "direct" || losses.lostLater + losses.lostBefore === 0) return [];
  return losses.reasons.map(([why, count]) => `${killed} killed, ${way}: ${count} x ${why.replace(/\s+/g, " ")}`);
}
