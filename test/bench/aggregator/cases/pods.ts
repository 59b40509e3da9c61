/** Pods that appear in a cluster, and lists that change: how soon the aggregator serves what is there. */
import { Agent } from "undici";
import { startFakeKube } from "../../../fixtures/fake-kube/server.ts";
import { startFarm, type Farm } from "../../../fixtures/fake-sidecar/farm.ts";
import { makeTool } from "../../../fixtures/fake-sidecar/sidecar.ts";
import { modernRequest } from "../../../fixtures/mcp-clients.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { readTreeCpuUs } from "../../sidecar/cores.ts";
import type { BenchCase, ResultRow } from "../../sidecar/plan.ts";
import { spread } from "../../stats/series.ts";
import { ask } from "../load.ts";
import { figureOf, watchQuiet } from "../measure.ts";
import { manyPods, type AggregatorPlan } from "../plan.ts";
import type { AggregatorStage, Measured } from "../stage.ts";

/** Pods of as many servers, and an aggregator that watches a cluster in which they are not yet. */
async function startEmpty(stage: AggregatorStage, count: number) {
  const net = `127.${20 + (process.pid % 200)}`;
  const toolsOf = (at: number) => ["read", "write", "find"].map((name) => makeTool(`${name}_${at}`));
  const farm: Farm = await startFarm({ count, net, serverOf: (at) => `s${at}`, toolsOf });
  stage.ends.push(() => farm.close());
  const kube = await startFakeKube();
  stage.ends.push(() => kube.close());
  const aggregator = await stage.start(undefined, { flags: ["--kube", kube.url] });
  return { farm, aggregator, appear: () => farm.pods.forEach((pod) => kube.store.set(pod)) };
}

const untilListed = (aggregator: Measured, count: number): Promise<unknown> =>
  waitFor(
    "every server to be listed",
    async () => (await aggregator.get("/api/v1/summary"))["successful"] === count,
    120_000,
  );

/** Times in ms as a line of the tables. */
function describeTimes(caseName: string, times: readonly number[], clean: boolean): ResultRow {
  const tookMs = spread(times);
  return { bench: "aggregator-times", case: caseName, subject: "aggregator", rounds: times.length, clean, tookMs };
}

/** Pods appear at once. */
export const discoveryCase: BenchCase<AggregatorStage, AggregatorPlan> = {
  name: "discovery",
  expectSeconds: ({ discoveries }) => discoveries * 8,
  run: async (stage, plan) => {
    const times: number[] = [];
    let clean = true;
    for (let round = 1; round <= plan.discoveries; round++) {
      plan.onProgress(`discovery: round ${round} of ${plan.discoveries}`);
      const { aggregator, appear } = await startEmpty(stage, manyPods);
      const before = { ms: performance.now(), us: readTreeCpuUs(aggregator.pid) };
      const isQuiet = watchQuiet();
      appear();
      await untilListed(aggregator, manyPods);
      times.push(performance.now() - before.ms);
      clean &&= isQuiet(readTreeCpuUs(aggregator.pid) - before.us);
      await stage.clear();
    }
    return {
      rows: [describeTimes("1,000 pods until all are listed", times, clean)],
      figures: { discovery_1000_pods_ms: figureOf(times, clean) },
      notes: [],
    };
  },
};

const changingPods = 20;

/** Lists change, each some time after its server's last change. */
export const changeCase: BenchCase<AggregatorStage, AggregatorPlan> = {
  name: "change",
  expectSeconds: ({ changes }) => 5 + changes / 10,
  run: async (stage, plan) => {
    plan.onProgress("change: starting");
    const { farm, aggregator, appear } = await startEmpty(stage, changingPods);
    appear();
    await untilListed(aggregator, changingPods);
    const dispatcher = new Agent();
    stage.ends.push(() => dispatcher.destroy());
    const sees = async (name: string): Promise<boolean> =>
      (await ask(`${aggregator.url}/mcp`, modernRequest("tools/list", {}), "tools", dispatcher)).includes(`__${name}"`);
    const times: number[] = [];
    const before = readTreeCpuUs(aggregator.pid);
    const isQuiet = watchQuiet();
    for (let round = 0; round < plan.changes; round++) {
      plan.onProgress(`change: ${round + 1} of ${plan.changes}`);
      const startedMs = performance.now();
      // Twice in a row at the same server: what came first must not hold the second back for long.
      const server = `s${Math.floor(round / 2) % changingPods}`;
      farm.list(server, [makeTool("tool_before"), makeTool(`new_tool_${round}`)]);
      await waitFor("the change", () => sees(`new_tool_${round}`), 30_000);
      times.push(performance.now() - startedMs);
    }
    const clean = isQuiet(readTreeCpuUs(aggregator.pid) - before);
    const { max } = spread(times);
    return {
      rows: [describeTimes("a changed list until a client sees it", times, clean)],
      figures: { change_slowest_ms: figureOf([max], clean), change_median_ms: figureOf([spread(times).med], clean) },
      notes: [],
    };
  },
};
