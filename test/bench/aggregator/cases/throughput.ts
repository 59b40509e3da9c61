/** Calls over many servers, each at an address of its own and under public names, beside one server under the names that it gives itself. */
import { modernRequest } from "../../../fixtures/mcp-clients.ts";
import type { BenchCase } from "../../sidecar/plan.ts";
import { ask, type Entry } from "../load.ts";
import { compareCapacity, describeRows, measureEntries } from "../measure.ts";
import { answerHas, startOrigins } from "../origins.ts";
import { manyServers, toolsOfMany, type AggregatorPlan } from "../plan.ts";
import { startServers, type AggregatorStage } from "../stage.ts";

const connections = 32;
const many = `${manyServers} servers`;
const one = "one server, own names";
const startSeconds = 8;

/** The case. */
export const throughputCase: BenchCase<AggregatorStage, AggregatorPlan> = {
  name: "throughput",
  expectSeconds: ({ rounds, seconds, mostWarmUpSeconds }) => startSeconds + 2 * rounds * seconds + mostWarmUpSeconds,
  run: async (stage, plan) => {
    plan.onProgress("throughput: starting");
    const entries = [await enterMany(stage), await enterOne(stage)];
    const rounds = await measureEntries(stage, { title: "throughput", entries }, plan);
    return {
      rows: describeRows(rounds, "call", [many, one]),
      figures: { calls_300_servers_vs_one: compareCapacity(rounds, { of: many, by: one }) },
      notes: [],
    };
  },
};

const call = (name: string) => modernRequest("tools/call", { name, arguments: { text: "x" } });

async function enterMany(stage: AggregatorStage): Promise<Entry> {
  const origins = await startOrigins(manyServers, stage.ends);
  const tools = toolsOfMany;
  const servers = await startServers({ count: manyServers, tools }, (at) => origins[at] ?? "", stage.ends);
  const { pid, url } = await stage.start(servers);
  const calls = origins.map((_origin, at) => call(`s${at}__tool_${at % tools}`));
  let turn = 0;
  return {
    ...{ subject: { name: many, pid }, connections },
    round: (dispatcher) => ask(`${url}/mcp`, calls[turn++ % manyServers] ?? call(""), answerHas, dispatcher),
  };
}

async function enterOne(stage: AggregatorStage): Promise<Entry> {
  const [origin = ""] = await startOrigins(1, stage.ends);
  const servers = await startServers({ count: 1, tools: toolsOfMany }, () => origin, stage.ends);
  const { pid, url } = await stage.start(servers);
  const own = call("tool_7");
  return {
    ...{ subject: { name: one, pid }, connections },
    round: (dispatcher) => ask(`${url}/mcp/s/local/s0`, own, answerHas, dispatcher),
  };
}
