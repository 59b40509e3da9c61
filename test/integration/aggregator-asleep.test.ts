import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { asleepObject, writeAsleep } from "@outrigger/api/asleep";
import type { FeedState } from "@outrigger/api/feed";
import type { WakeAnswer } from "@outrigger/api/wake";
import { wakeStatus } from "@outrigger/api/wake";
import { packText } from "@outrigger/runtime/packed";
import { afterEach, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { startFakeSidecar, makeTool } from "../fixtures/fake-sidecar/sidecar.ts";
import { connectLegacy, connectModern, modernRequest, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Loopback addresses of our own, so that the fixed control port never meets another run's. */
const net = `127.${20 + (process.pid % 200)}.${Math.floor(process.pid / 200) % 250}`;
let lastHost = 0;

const configMaps = { group: "", plural: "configmaps" };
const keptName = `${asleepObject.namePrefix}files`;
const digest = "a".repeat(64);
const state: FeedState = {
  format: 1,
  server: "files",
  health: { state: "Ready", reason: "Serving", message: "", sinceMs: 0 },
  identity: { title: "Files" },
  era: "legacy",
  protocolVersion: "2025-11-25",
  digest,
  catalogue: { reason: "CatalogueListed", message: "", atMs: 0 },
  policy: {
    ...{ hash: "", reason: "PolicyApplied", message: "" },
    enforces: {
      limits: [{ name: "calls", tools: ["*"], methods: ["tools/call"], per: [], rate: "60/m" }],
      ...{ maxRequestBytes: 1_000, maxResponseBytes: 1_000 },
    },
  },
};

/** What the operator keeps of a server `files` with one tool. */
function keep(kube: FakeKube): void {
  const catalogue = { digest, tools: [makeTool("echo", "Echoes a text.")], limited: false };
  const written = writeAsleep(
    {
      ...{ format: 1, namespace: "tools", server: "files", group: "default", replicas: 2, labels: { team: "web" } },
      ...{ since: "2026-11-01T10:00:00Z", createdAt: "2026-10-01T10:00:00Z", image: "files:1", transport: "stdio" },
      workload: { kind: "Deployment", name: "files", uid: "u" },
      state,
      catalogue: { ...catalogue, prompts: [], resources: [], resourceTemplates: [] },
    },
    packText,
  );
  if (!written.ok) throw new Error(written.problem);
  const labels = { [asleepObject.label]: asleepObject.labelValue };
  kube.store.of(configMaps).set({ metadata: { name: keptName, namespace: "system", labels }, ...written.value });
}

/** The operator's wake port: `onWake` answers. */
async function startOperator(onWake: () => WakeAnswer | undefined) {
  const asked: string[] = [];
  const server = createServer((req, res: ServerResponse) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      asked.push(`${req.headers.authorization ?? ""} ${Buffer.concat(chunks).toString()}`);
      const answer = onWake();
      if (answer !== undefined) res.writeHead(wakeStatus[answer.reason]).end(JSON.stringify(answer));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))));
  // A server that listens on TCP has this form of address.
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A pod of the server is there and answers. */
async function startPod(kube: FakeKube): Promise<() => Promise<void>> {
  const host = `${net}.${++lastHost}`;
  const tools = [makeTool("echo", "Echoes a text.")];
  const sidecar = await startFakeSidecar("files", { tools, host, controlPort: 19_081 });
  kube.store.set({
    metadata: {
      ...{ name: `files-${lastHost}`, namespace: "tools", uid: `u${lastHost}` },
      creationTimestamp: "2026-11-02T10:00:00Z",
      labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "files" },
      annotations: { "outrigger.dev/endpoint": `${new URL(sidecar.data.url).port}/mcp` },
    },
    status: { phase: "Running", podIP: host, conditions: [{ type: "Ready", status: "True" }] },
  });
  const name = `files-${lastHost}`;
  const end = async (): Promise<void> => {
    kube.store.remove("tools", name);
    await sidecar.close();
  };
  ends.push(end);
  return end;
}

interface Stage {
  readonly kube: FakeKube;
  readonly aggregator: RunningAggregator;
}

async function start(kube: FakeKube, wakeUrl: string, flags: readonly string[] = []): Promise<RunningAggregator> {
  const tokenFile = join(makeTestFolder("asleep"), "token");
  await writeFile(tokenFile, "secret");
  const waking = ["--asleep", "system", "--wake-url", wakeUrl, "--wake-token", tokenFile];
  const aggregator = await startAggregatorProgram(undefined, ["--kube", kube.url, ...waking, ...flags]);
  ends.push(() => aggregator.close());
  await aggregator.ready();
  return aggregator;
}

async function setUp(wakeUrl = "http://127.0.0.1:1", flags: readonly string[] = []): Promise<Stage> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  keep(kube);
  return { kube, aggregator: await start(kube, wakeUrl, flags) };
}

const toolName = "tools__files__echo";

async function call({ url }: RunningAggregator, values: object = { text: "hello" }): Promise<Record<string, unknown>> {
  const answer = await postRaw(`${url}/mcp`, ...modernRequest("tools/call", { name: toolName, arguments: values }));
  return answer.messages[0] ?? {};
}

const detailOf = (answer: Record<string, unknown>): Record<string, unknown> | undefined =>
  (answer as { error?: { data?: { outrigger?: Record<string, unknown> } } }).error?.data?.outrigger;

async function ask({ url }: RunningAggregator, name: string, values: object): Promise<Record<string, unknown>> {
  const client = await connectModern(`${url}/mcp`);
  const answer = await client.callTool({ name, arguments: { ...values } });
  await client.close();
  return answer.structuredContent as Record<string, unknown>;
}

it("F-148 finds, describes and lists the tools of a sleeping server, marked Cold, and wakes it when one is called", async () => {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  keep(kube);
  const operator = await startOperator(() => {
    void startPod(kube);
    return { reason: "Woken" };
  });
  const aggregator = await start(kube, operator.url);
  const found = await ask(aggregator, "find_tool", { description: "echo a text" });
  expect(found).toMatchObject({ tools: [{ name: toolName, state: "Cold" }] });
  expect(await ask(aggregator, "describe_tool", { name: toolName })).toMatchObject({
    ...{ state: "Cold", message: expect.stringContaining("until the next one") as string },
    effective_limits: { calls: [{ rate: "60/m" }] },
  });
  expect(await ask(aggregator, "list_servers", {})).toMatchObject({
    servers: [{ name: "files", state: "Cold", tools: 1 }],
  });
  const { servers } = await aggregator.get("/api/v1/servers");
  expect(servers).toMatchObject([
    {
      ...{ name: "files", namespace: "tools", title: "Files", group: "default", labels: { team: "web" } },
      ...{ image: "files:1", transport: "stdio", state: "Cold", reason: "Asleep", toolsCount: 1, replicas: [] },
      message: "Asleep since 2026-11-01T10:00:00Z; the next call starts 2 replicas of Deployment files.",
    },
  ]);
  expect(await aggregator.get("/api/v1/summary")).toMatchObject({ servers: 1, successful: 1, states: { Cold: 1 } });

  const client = await connectLegacy(`${aggregator.url}/mcp`);
  const progress: unknown[] = [];
  const answer = await client.callTool({ name: toolName, arguments: { text: "hello" } }, undefined, {
    onprogress: (told) => progress.push(told),
  });
  await client.close();
  expect(textOf(answer)).toContain("hello");
  expect(progress).toMatchObject([{ progress: 0, message: "The server was asleep and is being started." }]);
  expect(operator.asked).toEqual(['Bearer secret {"namespace":"tools","server":"files"}']);
  kube.store.of(configMaps).remove("system", keptName);
  await waitFor("the server to be awake", async () => {
    const { states } = await aggregator.get("/api/v1/summary");
    return (states as { Ready: number }).Ready === 1;
  });
  expect(await aggregator.metrics()).toMatch(/outrigger_aggregator_wakes_total\{[^}]*result="awake"[^}]*\} 1\n/);
});

it("wakes a server once for many calls, and refuses those beyond the queue at once", async () => {
  let isStarting = false;
  const operator = await startOperator(() => {
    isStarting = true;
    return { reason: "Woken" };
  });
  const { kube, aggregator } = await setUp(operator.url, ["--wake-queue", "3"]);
  const calls = Array.from({ length: 5 }, () => call(aggregator));
  const refused: Record<string, unknown>[] = [];
  for (const each of calls) {
    void each.then((answer) => {
      if ("error" in answer) refused.push(answer);
    });
  }
  await waitFor("two calls to be refused", () => refused.length === 2 && isStarting);
  expect(refused.map(detailOf)).toEqual(
    Array(2).fill({ reason: "WakeQueueFull", server: "files", name: toolName, retryAfterMs: 2_000 }),
  );
  expect(await aggregator.metrics()).toMatch(/outrigger_aggregator_waking_calls(\{[^}]*\})? 3\n/);
  await startPod(kube);
  const answered = (await Promise.all(calls)).filter((answer) => "result" in answer);
  expect([answered.length, operator.asked.length]).toEqual([3, 1]);
});

it("answers in time with what keeps a server that does not start, and with the refusal of an operator", async () => {
  let answer: WakeAnswer = { reason: "Woken" };
  const operator = await startOperator(() => answer);
  const { kube, aggregator } = await setUp(operator.url, ["--wake-timeout", "1s"]);
  const late = await call(aggregator);
  expect(detailOf(late)).toMatchObject({ reason: "ServerWaking", retryAfterMs: 5_000 });
  expect(JSON.stringify(late)).toContain("The call waited 1 s. No pod of it is there yet.");
  kube.store.set({
    metadata: {
      ...{ name: "files-0", namespace: "tools", uid: "u0" },
      labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "files" },
      annotations: { "outrigger.dev/endpoint": "8080/mcp" },
    },
    status: { phase: "Pending" },
  });
  await waitFor("the pod's problem to be told", async () =>
    JSON.stringify(await call(aggregator)).includes("Pod files-0 has no address yet."),
  );
  answer = { reason: "WakerNotAllowed", message: "you are somebody else" };
  const refused = await call(aggregator);
  expect(detailOf(refused)).toEqual({ reason: "WakeFailed", server: "files", name: toolName });
  expect(JSON.stringify(refused)).toContain("WakerNotAllowed: you are somebody else");
});

it("lets go of what its caller gives up, and says that the operator can't be asked", async () => {
  const { aggregator } = await setUp("http://127.0.0.1:1", ["--wake-timeout", "2s"]);
  const leaving = new AbortController();
  const [body, headers] = modernRequest("tools/call", { name: toolName, arguments: {} });
  const given = fetch(`${aggregator.url}/mcp`, {
    ...{ method: "POST", body, signal: leaving.signal },
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
  }).catch(() => "gone");
  const waiting = (count: number) => async (): Promise<boolean> =>
    new RegExp(`outrigger_aggregator_waking_calls(\\{[^}]*\\})? ${count}\\n`).test(await aggregator.metrics());
  await waitFor("the call to wait", waiting(1));
  leaving.abort();
  expect(await given).toBe("gone");
  await waitFor("the call to have left", waiting(0));
  const failed = await call(aggregator);
  expect(detailOf(failed)).toMatchObject({ reason: "WakeFailed", retryAfterMs: 5_000 });
  expect(JSON.stringify(failed)).toContain("ECONNREFUSED");
});

it("keeps a sleeping server over a restart, while the API server fails, and until nothing is kept of it", async () => {
  const { kube, aggregator } = await setUp();
  await aggregator.close();
  const second = await start(kube, "http://127.0.0.1:1");
  const states = async (): Promise<unknown> => (await second.get("/api/v1/summary"))["states"];
  expect(await states()).toMatchObject({ Cold: 1 });
  const heal = kube.failWhile(({ path }) => (path.endsWith("/configmaps") ? { status: 500 } : undefined));
  kube.dropWatches();
  await waitFor("the fault to be told", async () =>
    JSON.stringify((await second.get("/api/v1/summary"))["faults"]).includes("sleeping servers in namespace system"),
  );
  expect(await states()).toMatchObject({ Cold: 1 });
  heal();
  kube.store.of(configMaps).remove("system", keptName);
  await waitFor("the server to be gone", async () => (await second.get("/api/v1/summary"))["servers"] === 0, 40_000);
  expect(await call(second)).toMatchObject({ error: { code: -32_602 } });
});

it("lets a replica that is there win over what was kept, and goes back to it when the replica ends", async () => {
  const { kube, aggregator } = await setUp();
  const end = await startPod(kube);
  const stateIs = (state: string) => async (): Promise<boolean> =>
    ((await aggregator.get("/api/v1/summary"))["states"] as Record<string, number>)[state] === 1;
  await waitFor("the replica to be served", stateIs("Ready"));
  expect(await call(aggregator)).toHaveProperty("result");
  await end();
  await waitFor("the server to sleep again", stateIs("Cold"));
});
