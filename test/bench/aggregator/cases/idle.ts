/** What servers cost that nobody calls: resident memory after a collection, with many of them and with one. */
import { readMemory, type Memory } from "../../sidecar/cores.ts";
import type { BenchCase, ResultRow } from "../../sidecar/plan.ts";
import { spread } from "../../stats/series.ts";
import { figureOf } from "../measure.ts";
import { manyServers, toolsOfMany, type AggregatorPlan } from "../plan.ts";
import { startServers, type AggregatorStage } from "../stage.ts";

const kibPerMib = 1_024;
/** Memory is given back to the system some collections after the last garbage was made. */
const collections = 5;
/** The young generation, whose size follows the start and not the servers, is kept as small as the sidecar's. */
const nodeFlags = ["--max-semi-space-size=2"];

/** The case. */
export const idleCase: BenchCase<AggregatorStage, AggregatorPlan> = {
  name: "idle",
  expectSeconds: () => 12,
  run: async (stage, plan) => {
    const measure = async (count: number): Promise<Memory> => {
      plan.onProgress(`idle: ${count} servers`);
      const nowhere = "http://127.0.0.1:9/mcp";
      const servers = await startServers({ count, tools: toolsOfMany }, () => nowhere, stage.ends);
      const { pid, collect } = await stage.start(servers, { nodeFlags, collected: true });
      for (let collection = 0; collection < collections; collection++) await collect();
      const memory = readMemory(pid);
      await stage.clear();
      return memory;
    };
    const one = await measure(1);
    const many = await measure(manyServers);
    const added = many.rss - one.rss;
    return {
      rows: [describeRow("one server", one), describeRow(`${manyServers} servers`, many)],
      figures: {
        idle_300_servers_rss_mib: figureOf([added], true),
        idle_server_rss_kib: figureOf([(added * kibPerMib) / (manyServers - 1)], true),
      },
      notes: [],
    };
  },
};

const describeRow = (subject: string, { rss, anon }: Memory): ResultRow => ({
  ...{ bench: "aggregator-memory", case: "at rest", subject, rounds: 1, clean: true },
  ...{ rssMiB: spread([rss]), anonMiB: spread([anon]) },
});
