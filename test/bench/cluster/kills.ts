/** Calls lost when a server's or a sidecar's process is killed at a steady load, each on fresh pods: a restart counts against the next. */
import { waitFor } from "../../fixtures/wait-for.ts";
import { startLoad, type Losses, type SteadyLoad } from "./steady-load.ts";
import type { Kind, Pod, Stage } from "./stage.ts";

/** What is killed, and on which way its callers are. */
export interface KillRow {
  readonly killed: "server" | "sidecar";
  readonly replicas: number;
  readonly way: "direct" | "sidecar" | "aggregator";
  readonly losses: Losses;
  /** `never`: calls were still lost when the wait for their end was over. */
  readonly recovery: "seen" | "never";
}

interface Case {
  readonly kind: Kind;
  readonly killed: KillRow["killed"];
  readonly replicas: number;
}

const cases: readonly Case[] = [
  { kind: "plain", killed: "server", replicas: 1 },
  { kind: "ours", killed: "server", replicas: 1 },
  { kind: "ours", killed: "sidecar", replicas: 1 },
  { kind: "ours", killed: "server", replicas: 2 },
];

/** Ten calls a second on each way: more would be lost to a busy machine, and not to the break. */
const load = { clients: 2, perSecond: 5 };
const quietAfterMs = 3_000;
const beforeMs = 2_000;
const withinMs = 60_000;
const recoversWithinMs = 30_000;

/** Measures all cases so many times. */
export async function measureKills(stage: Stage, rounds: number): Promise<readonly KillRow[]> {
  const rows: KillRow[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [index, each] of cases.entries())
      rows.push(...(await measureCase(stage, `kill-${round}-${index}`, each)));
  }
  return rows;
}

async function measureCase(stage: Stage, name: string, { kind, killed, replicas }: Case): Promise<readonly KillRow[]> {
  await stage.deploy(name, kind, replicas);
  const [pod] = await stage.podsReady(name, replicas);
  if (pod === undefined) throw new Error(`${name} has no pod`);
  const ways = await openWays(stage, { name, kind, pod, replicas });
  await waitFor("a steady load", () => ways.every(({ running }) => hasRun(running, beforeMs)), withinMs).catch(
    async (error: unknown) => {
      await stopAll(ways);
      throw error;
    },
  );
  const callsBefore = ways.map(({ running }) => running.calls().length);
  const fromMs = performance.now();
  await stage.kill(findContainer(pod, killed)).catch(async (error: unknown) => {
    await stopAll(ways);
    throw error;
  });
  const broken = { fromMs, toMs: performance.now() };
  const recovery = await waitFor(
    "calls to be answered again",
    () => ways.every(({ running }, index) => hasRecovered(running, callsBefore[index] ?? 0)),
    recoversWithinMs,
  ).then(
    () => "seen" as const,
    () => "never" as const,
  );
  const rows = await Promise.all(
    ways.map(async ({ way, running }) => ({ killed, replicas, way, losses: await running.stop(broken), recovery })),
  );
  await stage.remove(name);
  return rows;
}

/** A load that nobody stops would go on for ever. */
async function stopAll(ways: readonly OpenWay[]): Promise<void> {
  await Promise.all(ways.map(({ running }) => running.stop({ fromMs: 0, toMs: 0 })));
}

interface OpenWay {
  readonly way: KillRow["way"];
  readonly running: SteadyLoad;
}

/** Of several replicas only the aggregator knows all: a pod's own address is that of one. */
async function openWays(
  stage: Stage,
  { name, kind, pod, replicas }: { name: string; kind: Kind; pod: Pod; replicas: number },
): Promise<readonly OpenWay[]> {
  if (kind === "plain") return [{ way: "direct", running: startLoad(stage.direct(pod), load) }];
  await untilListed(stage, name, replicas);
  const aggregator = { way: "aggregator", running: startLoad(stage.throughAggregator(name), load) } as const;
  if (replicas > 1) return [aggregator];
  return [{ way: "sidecar", running: startLoad(stage.throughSidecar(pod), load) }, aggregator];
}

/** Both replicas of the aggregator follow the cluster by themselves; the one that answers us has to know every pod. */
async function untilListed(stage: Stage, name: string, replicas: number): Promise<void> {
  const base = new URL(stage.throughAggregator(name).url).origin;
  await waitFor(
    `${name} in the catalogue`,
    async () => {
      const response = await fetch(`${base}/api/v1/servers`);
      const { servers } = (await response.json()) as {
        servers: readonly { name: string; namespace: string; replicas: readonly { state: string }[] }[];
      };
      const found = servers.find((server) => server.name === name && server.namespace === stage.namespace);
      return found?.replicas.filter(({ state }) => state === "Ready").length === replicas;
    },
    withinMs,
  );
}

function findContainer(pod: Pod, killed: KillRow["killed"]) {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return killed === "server" ? containerStatuses[0] : initContainerStatuses.find(({ name }) => /sidecar/.test(name));
}

function hasRun(running: SteadyLoad, forMs: number): boolean {
  const [first] = running.calls();
  return first !== undefined && (running.calls().at(-1)?.endedMs ?? 0) - first.sentMs > forMs;
}

/** True once nothing was lost for a while; where nothing is lost at all, that while begins at the kill. */
function hasRecovered(running: SteadyLoad, callsBefore: number): boolean {
  const calls = running.calls();
  const lastLost = calls.findLastIndex(({ lostWhy }) => lostWhy !== undefined);
  const since = calls[Math.max(lastLost, callsBefore - 1)];
  return since !== undefined && (calls.at(-1)?.endedMs ?? 0) - since.endedMs > quietAfterMs;
}
