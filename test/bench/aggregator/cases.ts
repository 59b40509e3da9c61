/** The questions to the aggregator, each a function of how much is measured. All comparisons are within one run, subjects taking turns. */
import { readFile } from "node:fs/promises";
import { Agent } from "undici";
import { startAggregatorProgram } from "../../fixtures/aggregator.ts";
import { startFakeKube } from "../../fixtures/fake-kube/server.ts";
import { startFarm, type Farm } from "../../fixtures/fake-sidecar/farm.ts";
import { makeTool } from "../../fixtures/fake-sidecar/sidecar.ts";
import { modernRequest, openSession } from "../../fixtures/mcp-clients.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { median, type AggregatorRow } from "./rows.ts";
import { ask, load, startOrigin, startOver, startStatic, type Ends } from "./stage.ts";

/** How much is measured. */
export interface AggregatorPlan {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly sessions: number;
  readonly pods: number;
  readonly changes: number;
}

/** One case: what it found. What it starts, it hands over in `ends`. */
export type AggregatorCase = (plan: AggregatorPlan, ends: Ends) => Promise<AggregatorRow>;

const perSecond = (value: number): string => `${value < 100 ? value.toFixed(1) : Math.round(value)} /s`;

/** The median of each subject, measured in turns. */
async function takeTurns(rounds: number, subjects: readonly (() => Promise<number>)[]): Promise<readonly number[]> {
  const figures = subjects.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, measure] of subjects.entries()) figures[at]?.push(await measure());
  }
  return figures.map(median);
}

const throughput: AggregatorCase = async ({ rounds, seconds, connections }, ends) => {
  const origin = await startOrigin(ends);
  const one = await startOver(origin, { servers: 1, tools: 20 }, ends);
  const many = await startOver(origin, { servers: 300, tools: 20 }, ends);
  let turn = 0;
  const call = (name: string) => modernRequest("tools/call", { name, arguments: { text: "x" } });
  const calls = Array.from({ length: 300 }, (_none, at) => call(`s${at}__tool_${at % 20}`));
  const own = call("tool_7");
  const [ours = 0, beside = 1] = await takeTurns(rounds, [
    () =>
      load((dispatcher) => ask(`${many.url}/mcp`, calls[turn++ % 300] ?? own, "measured", dispatcher), {
        connections,
        seconds,
      }),
    // Its own endpoint has the server's own names: nothing is rewritten.
    () => load((dispatcher) => ask(`${one.url}/mcp/s/local/s0`, own, "measured", dispatcher), { connections, seconds }),
  ]);
  return {
    ...{ name: "throughput", question: "calls over 300 servers, beside one without other names" },
    ...{ ours: perSecond(ours), beside: perSecond(beside), ratio: ours / beside, bar: 0.8 },
  };
};

/** All pages of a list, as they came. */
async function walk(url: string, dispatcher: Agent): Promise<readonly string[]> {
  const pages: string[] = [];
  let cursor: string | undefined;
  do {
    const params = cursor === undefined ? {} : { cursor };
    const page = await ask(url, modernRequest("tools/list", params), "tool_", dispatcher);
    pages.push(page);
    cursor = (JSON.parse(page) as { result: { nextCursor?: string } }).result.nextCursor;
  } while (cursor !== undefined);
  return pages;
}

const list: AggregatorCase = async ({ rounds, seconds }, ends) => {
  const origin = await startOrigin(ends);
  const aggregator = await startOver(origin, { servers: 60, tools: 100 }, ends);
  const url = `${aggregator.url}/mcp`;
  const first = new Agent();
  ends.push(() => first.destroy());
  const pages = await walk(url, first);
  const tools = pages.reduce(
    (sum, page) => sum + (JSON.parse(page) as { result: { tools: unknown[] } }).result.tools.length,
    0,
  );
  if (tools !== 6_000) throw new Error(`${tools} tools were listed, not 6000`);
  const still = await startStatic(pages, ends);
  const [ours = 0, beside = 1] = await takeTurns(rounds, [
    () => load((dispatcher) => walk(url, dispatcher), { connections: 1, seconds }),
    () => load((dispatcher) => walk(still, dispatcher), { connections: 1, seconds }),
  ]);
  return {
    ...{
      name: "list",
      question: `tools/list of 6,000 tools (${pages.length} pages), beside the same bytes ready-made`,
    },
    ...{ ours: perSecond(ours), beside: perSecond(beside), ratio: ours / beside, bar: 0.5 },
  };
};

const allSessions = 10_000;
const mib = 1024 ** 2;

const sessions: AggregatorCase = async ({ sessions: count, connections }, ends) => {
  const origin = await startOrigin(ends);
  const aggregator = await startOver(origin, { servers: 10, tools: 20 }, ends);
  const resident = async (): Promise<number> => {
    const status = await readFile(`/proc/${aggregator.pid}/status`, "utf8");
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kib === undefined) throw new Error("the system tells no resident memory");
    return Number(kib) * 1_024;
  };
  await openSession(`${aggregator.url}/mcp`);
  const before = await resident();
  // One is open already.
  for (let opened = 1; opened < count; opened += connections) {
    const size = Math.min(connections, count - opened);
    await Promise.all(Array.from({ length: size }, () => openSession(`${aggregator.url}/mcp`)));
  }
  const each = Math.max(0, (await resident()) - before) / count;
  const whole = (before + each * allSessions) / mib;
  return {
    ...{
      name: "sessions",
      question: `10,000 open legacy sessions, from ${count}: ${(each / 1024).toFixed(1)} KiB each`,
    },
    ...{ ours: `${Math.round(whole)} MiB`, beside: "1024 MiB", ratio: 1_024 / whole, bar: 1 },
  };
};

/** Pods of as many servers, and an aggregator that watches a cluster in which they are not yet. */
async function startEmpty({ pods }: AggregatorPlan, ends: Ends) {
  const net = `127.${20 + (process.pid % 200)}`;
  const toolsOf = (at: number) => ["read", "write", "find"].map((name) => makeTool(`${name}_${at}`));
  const farm: Farm = await startFarm({ count: pods, net, serverOf: (at) => `s${at}`, toolsOf });
  const kube = await startFakeKube();
  ends.push(
    () => kube.close(),
    () => farm.close(),
  );
  const aggregator = await startAggregatorProgram(undefined, ["--kube", kube.url, "--mode", "direct"]);
  ends.push(() => aggregator.close());
  await aggregator.ready();
  return { farm, kube, aggregator };
}

const discovery: AggregatorCase = async (plan, ends) => {
  const { farm, kube, aggregator } = await startEmpty(plan, ends);
  const startedMs = performance.now();
  for (const pod of farm.pods) kube.store.set(pod);
  const isWhole = async (): Promise<boolean> => (await aggregator.get("/api/v1/summary"))["successful"] === plan.pods;
  await waitFor("every server to be listed", isWhole, 120_000);
  const seconds = (performance.now() - startedMs) / 1_000;
  return {
    ...{ name: "discovery", question: `${plan.pods} pods found, asked and indexed` },
    ...{ ours: `${seconds.toFixed(2)} s`, beside: "5 s", ratio: 5 / seconds, bar: 1 },
  };
};

const change: AggregatorCase = async (plan, ends) => {
  const { farm, kube, aggregator } = await startEmpty({ ...plan, pods: 20 }, ends);
  for (const pod of farm.pods) kube.store.set(pod);
  const dispatcher = new Agent();
  ends.push(() => dispatcher.destroy());
  const sees = async (name: string): Promise<boolean> => {
    const pages = await walk(`${aggregator.url}/mcp`, dispatcher);
    return pages.some((page) => page.includes(name));
  };
  await waitFor("the first list", async () => (await aggregator.get("/api/v1/summary"))["successful"] === 20, 60_000);
  const seconds: number[] = [];
  for (let round = 0; round < plan.changes; round++) {
    const startedMs = performance.now();
    farm.list(`s${round % 20}`, [makeTool("tool_before"), makeTool(`new_tool_${round}`)]);
    await waitFor("the change", () => sees(`new_tool_${round}`), 30_000);
    seconds.push((performance.now() - startedMs) / 1_000);
  }
  const slowest = Math.max(...seconds);
  return {
    ...{ name: "change", question: `a changed list is seen by a client, slowest of ${plan.changes}` },
    ...{ ours: `${slowest.toFixed(2)} s`, beside: "1 s", ratio: 1 / slowest, bar: 1 },
  };
};

/** All cases, in the order in which they are measured. */
export const aggregatorCases = { throughput, list, sessions, discovery, change } satisfies Record<
  string,
  AggregatorCase
>;
