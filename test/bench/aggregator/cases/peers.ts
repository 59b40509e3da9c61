/** The aggregator beside mcp-hub, the product of npm that also puts HTTP servers behind one endpoint: calls to one, and the list of twenty. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { request, type Agent } from "undici";
import { bundleEntry } from "../../../bundle/bundle.ts";
import { startFakeControl } from "../../../fixtures/fake-sidecar/control.ts";
import { modernRequest } from "../../../fixtures/mcp-clients.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { installPeer } from "../../sidecar/peers.ts";
import type { BenchCase, ResultRow } from "../../sidecar/plan.ts";
import { startSubject } from "../../sidecar/subject.ts";
import { ask, type Entry } from "../load.ts";
import { compareCapacity, describeRows, measureEntries } from "../measure.ts";
import type { AggregatorPlan } from "../plan.ts";
import type { AggregatorStage } from "../stage.ts";

const hub = "mcp-hub 4.2.1";
const ours = "aggregator";
const servers = Array.from({ length: 20 }, (_none, at) => `s${at}`);
const connections = 16;
const startSeconds = 20;

/** The case. */
export const peersCase: BenchCase<AggregatorStage, AggregatorPlan> = {
  name: "peers",
  expectSeconds: ({ rounds, seconds, mostWarmUpSeconds }) =>
    startSeconds + 4 * rounds * seconds + 2 * mostWarmUpSeconds,
  run: async (stage, plan) => {
    plan.onProgress(`peers: fetching ${hub}`);
    const origin = await startUpstream(stage);
    const subjects = [await startOurs(stage, origin), await startHub(stage, origin)];
    const pair = { of: ours, by: hub };
    const rows: ResultRow[] = [];
    const compare = async (kind: "call" | "list", caseName: string) => {
      const entries = subjects.map((each) => each[kind]);
      const rounds = await measureEntries(stage, { title: `peers, ${kind}`, entries }, plan);
      rows.push(...describeRows(rounds, caseName, [ours, hub]));
      return compareCapacity(rounds, pair);
    };
    const figures = {
      relay_vs_mcp_hub: await compare("call", "call to one HTTP server"),
      list_vs_mcp_hub: await compare("list", "list of 20 servers of 20 tools"),
    };
    return { rows, figures, notes: [] };
  },
};

type Subject = Readonly<Record<"call" | "list", Entry>>;

/** The server that the sidecar's benchmark has behind every proxy, too. Gives its address. */
async function startUpstream(stage: AggregatorStage): Promise<string> {
  const program = join(stage.folder, "upstream.cjs");
  await bundleEntry(fileURLToPath(new URL("../../programs/upstream.ts", import.meta.url)), program);
  const port = await findFreePort();
  const upstream = await startSubject({ name: "no proxy", args: [program, String(port)], port, core: "first" });
  stage.ends.push(() => upstream.stop());
  return `http://127.0.0.1:${port}/mcp`;
}

const isTool = '"name":"tool_1"';
const isAnswer = '"content":[{"type":"text"';

async function startOurs(stage: AggregatorStage, origin: string): Promise<Subject> {
  const tools = await readTools(origin);
  const entries: [string, object][] = [];
  for (const name of servers) {
    const control = await startFakeControl(name);
    control.tell({ era: "legacy", protocolVersion: "2025-06-18" });
    control.list(tools);
    stage.ends.push(() => control.close());
    entries.push([name, { url: origin, outrigger: { control: control.url } }]);
  }
  const { pid, url } = await stage.start(Object.fromEntries(entries));
  const subject = { name: ours, pid };
  const call = modernRequest("tools/call", { name: "s0__tool_1", arguments: { text: "x" } });
  const list = modernRequest("tools/list", {});
  return {
    call: { subject, connections, round: (dispatcher) => ask(`${url}/mcp`, call, isAnswer, dispatcher) },
    list: { subject, connections, round: (dispatcher) => ask(`${url}/mcp`, list, '"name":"s0__tool_1"', dispatcher) },
  };
}

async function readTools(origin: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const response = await fetch(origin, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} }),
  });
  // The benchmark's own server.
  const { result } = (await response.json()) as { result: { tools: readonly Readonly<Record<string, unknown>>[] } };
  return result.tools;
}

async function startHub(stage: AggregatorStage, origin: string): Promise<Subject> {
  const [folder, port] = [await installPeer(hub), await findFreePort()];
  const config = join(stage.folder, "mcp-hub.json");
  const mcpServers = Object.fromEntries(servers.map((name) => [name, { url: origin }]));
  await writeFile(config, JSON.stringify({ mcpServers }));
  const args = [`${folder}/node_modules/mcp-hub/dist/cli.js`, "--port", String(port), "--config", config];
  const started = await startSubject({ name: hub, args, port, core: "last" });
  stage.ends.push(() => started.stop());
  stage.follow(started.pid);
  const subject = { name: hub, pid: started.pid };
  const base = `http://127.0.0.1:${port}/api`;
  const isReady = async (): Promise<boolean> => {
    const text = await (await fetch(`${base}/servers`)).text();
    return text.split('"status":"connected"').length > servers.length;
  };
  await waitFor(`${hub} to have connected`, () => isReady().catch(() => false), 60_000);
  const body = JSON.stringify({ server_name: "s0", tool: "tool_1", arguments: { text: "x" } });
  return {
    call: { subject, connections, round: (agent) => askHub(`${base}/servers/tools`, { body, has: isAnswer }, agent) },
    list: { subject, connections, round: (agent) => askHub(`${base}/servers`, { has: isTool }, agent) },
  };
}

interface HubAsked {
  /** Without it, it is a GET. */
  readonly body?: string;
  readonly has: string;
}

async function askHub(url: string, { body, has }: HubAsked, dispatcher: Agent): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await request(
    url,
    body === undefined ? { dispatcher } : { dispatcher, method: "POST", body, headers },
  );
  const text = await answer.body.text();
  if (answer.statusCode !== 200 || !text.includes(has))
    throw new Error(`${hub} answered ${answer.statusCode}: ${text.slice(0, 200)}`);
}
