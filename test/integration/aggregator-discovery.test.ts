import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import type { FakePod } from "../fixtures/fake-kube/store.ts";
import { textResult, sendResult } from "../fixtures/fake-sidecar/data.ts";
import { makeTool, startFakeSidecar, type FakeChoices, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { modernRequest, openSession, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Loopback addresses of our own, so that the fixed control port never meets another run's. */
const net = `127.${20 + (process.pid % 200)}.${Math.floor(process.pid / 200) % 250}`;
let lastHost = 0;

async function startPodSidecar(server: string, choices: FakeChoices = {}): Promise<FakeSidecar & { host: string }> {
  const host = `${net}.${++lastHost}`;
  const sidecar = await startFakeSidecar(server, { ...choices, host, controlPort: 19_081 });
  ends.push(() => sidecar.close());
  return { ...sidecar, host };
}

interface PodChoices {
  readonly namespace?: string;
  readonly createdAt?: string;
  readonly ready?: boolean;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

function podOf(name: string, sidecar: FakeSidecar & { host: string }, choices: PodChoices = {}): FakePod {
  const {
    namespace = "tools",
    createdAt = "2026-11-01T10:00:00Z",
    ready = true,
    labels = {},
    annotations = {},
  } = choices;
  return {
    metadata: {
      name,
      namespace,
      uid: `uid-${namespace}-${name}`,
      creationTimestamp: createdAt,
      labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": sidecar.name, ...labels },
      annotations: { "outrigger.dev/endpoint": `${new URL(sidecar.data.url).port}/mcp`, ...annotations },
    },
    spec: { containers: [{ name: "app", image: `registry.example/${sidecar.name}:1.2` }] },
    status: {
      phase: "Running",
      podIP: sidecar.host,
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  };
}

async function startKube(): Promise<FakeKube> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  return kube;
}

async function startOnPods(kube: FakeKube, flags: readonly string[] = []): Promise<RunningAggregator> {
  const aggregator = await startAggregatorProgram(undefined, ["--kube", kube.url, ...flags]);
  ends.push(() => aggregator.close());
  await aggregator.ready();
  return aggregator;
}

type ServerRecord = Record<string, unknown> & { name: string; namespace: string };

async function listServers(aggregator: RunningAggregator): Promise<ServerRecord[]> {
  const { servers } = await aggregator.get("/api/v1/servers");
  return servers as ServerRecord[];
}

async function callTool(
  aggregator: RunningAggregator,
  name: string,
  values: object = {},
): Promise<Record<string, unknown>> {
  const answer = await postRaw(`${aggregator.url}/mcp`, ...modernRequest("tools/call", { name, arguments: values }));
  return answer.messages[0] ?? {};
}

it("F-066 F-067 F-068 F-091 records each server by name and namespace, with origin, image, transport, state and tools", async () => {
  const kube = await startKube();
  const [a, b, other] = [
    await startPodSidecar("github"),
    await startPodSidecar("github"),
    await startPodSidecar("github"),
  ];
  kube.store.set(podOf("github-1", a, { createdAt: "2026-11-01T10:00:00Z", labels: { team: "old" } }));
  kube.store.set(
    podOf("github-2", b, {
      createdAt: "2026-11-02T10:00:00Z",
      labels: { team: "web" },
      annotations: { "outrigger.dev/transport": "stdio", "outrigger.dev/group": "code" },
    }),
  );
  kube.store.set(podOf("github-1", other, { namespace: "web" }));
  const aggregator = await startOnPods(kube);
  const servers = await listServers(aggregator);
  expect(servers.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(["tools/github", "web/github"]);
  expect(servers[0]).toMatchObject({
    createdAt: "2026-11-01T10:00:00Z",
    labels: { team: "web" },
    group: "code",
    image: "registry.example/github:1.2",
    transport: "stdio",
    transports: ["streamable-http"],
    origin: "Injected",
    state: "Ready",
    reason: "Serving",
    toolsCount: 1,
    era: "legacy",
    protocolVersion: "2025-11-25",
    replicas: [{ state: "Ready" }, { state: "Ready" }],
  });
  expect([a.data.url, b.data.url]).toContain(servers[0]?.["url"]);
  const { tools } = await aggregator.get("/api/v1/tools?namespace=web");
  expect(tools).toMatchObject([{ name: "web__github__echo", ownName: "echo", server: "github", namespace: "web" }]);
  expect(textOf((await callTool(aggregator, "web__github__echo", { text: "w" }))["result"])).toBe('{"text":"w"}');
  expect(other.data.received.at(-1)?.method).toBe("tools/call");
});

it("fetches a catalogue once for all replicas that list the same", async () => {
  const kube = await startKube();
  const replicas = [];
  for (let count = 0; count < 5; count++) replicas.push(await startPodSidecar("files"));
  replicas.forEach((replica, at) => kube.store.set(podOf(`files-${at}`, replica)));
  const aggregator = await startOnPods(kube);
  expect((await listServers(aggregator))[0]?.["replicas"]).toHaveLength(5);
  expect(replicas.reduce((sum, { control }) => sum + control.fetches(), 0)).toBe(1);
});

it("prefers ready replicas, keeps a session where it is, and tries another replica where a call can't have arrived", async () => {
  const kube = await startKube();
  const [ready, unready] = [await startPodSidecar("files"), await startPodSidecar("files")];
  for (const replica of [ready, unready]) {
    replica.data.answer(({ id, res }) => sendResult(res, id, textResult(replica.host)));
  }
  kube.store.set(podOf("files-1", ready));
  kube.store.set(podOf("files-0", unready, { ready: false }));
  const aggregator = await startOnPods(kube);
  const name = "tools__files__echo";
  for (let count = 0; count < 3; count++) expect(textOf((await callTool(aggregator, name))["result"])).toBe(ready.host);

  const session = await openSession(`${aggregator.url}/mcp`);
  const call = async (): Promise<string> => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 5, method: "tools/call", params: { name } });
    return textOf((await postRaw(`${aggregator.url}/mcp`, body, session)).messages[0]?.["result"]);
  };
  expect(await call()).toBe(ready.host);
  kube.store.set(podOf("files-1", ready, { ready: false }));
  kube.store.set(podOf("files-0", unready));
  await waitFor(
    "the change of readiness",
    async () => textOf((await callTool(aggregator, name))["result"]) === unready.host,
  );
  expect(await call()).toBe(ready.host);

  await ready.data.close();
  expect(await call()).toBe(unready.host);
  await unready.data.close();
  expect(await callTool(aggregator, name)).toMatchObject({ error: { code: 10_503 } });
});

it("shows pods that ask for the sidecar and do not carry it, and pods whose endpoint can't be read, with the reason", async () => {
  const kube = await startKube();
  const good = await startPodSidecar("files");
  kube.store.set(podOf("files-1", good));
  kube.store.set({
    metadata: { name: "old-pod", namespace: "tools", labels: { "outrigger.dev/inject": "enabled" } },
    status: { phase: "Running", podIP: "127.0.0.1" },
  });
  kube.store.set(
    podOf("broken-1", { ...good, name: "broken" }, { annotations: { "outrigger.dev/endpoint": "http://evil/" } }),
  );
  const aggregator = await startOnPods(kube);
  const byName = Object.fromEntries((await listServers(aggregator)).map((server) => [server.name, server]));
  expect(byName["old-pod"]).toMatchObject({ state: "Dead", reason: "NotInjected", toolsCount: 0, replicas: [] });
  expect(byName["broken"]).toMatchObject({ state: "Dead", reason: "EndpointInvalid" });
  expect(byName["files"]).toMatchObject({ state: "Ready" });
  expect(await aggregator.get("/api/v1/summary")).toMatchObject({ servers: 3, successful: 1, failed: 2, tools: 1 });
});

it("follows pods that come and go, and keeps everything while the API server is away", async () => {
  const kube = await startKube();
  const [files, git] = [await startPodSidecar("files"), await startPodSidecar("git")];
  kube.store.set(podOf("files-1", files));
  const aggregator = await startOnPods(kube);
  kube.store.set(podOf("git-1", git));
  await waitFor("the new server", async () => (await aggregator.get("/api/v1/summary"))["tools"] === 2);

  for (let count = 0; count < 4; count++) {
    kube.fail({ on: "watch", status: 500 });
    kube.fail({ on: "list", status: 500 });
  }
  kube.dropWatches();
  const { faults } = await waitFor("the fault", async () => {
    const servers = await aggregator.get("/api/v1/servers");
    return (servers["faults"] as string[]).length > 0 && servers;
  });
  expect(faults).toEqual([expect.stringContaining("pods: ")]);
  expect(await aggregator.get("/api/v1/summary")).toMatchObject({ successful: 2, tools: 2 });
  expect(await aggregator.metrics()).toMatch(/outrigger_aggregator_discovery_faults 1/);

  kube.store.remove("tools", "git-1");
  await waitFor("the end of the server", async () => (await listServers(aggregator)).length === 1, 40_000);
  expect(await callTool(aggregator, "tools__git__echo")).toMatchObject({ error: { code: -32_602 } });
  await waitFor(
    "the end of the faults",
    async () => ((await aggregator.get("/api/v1/servers"))["faults"] as string[]).length === 0,
    40_000,
  );
});

it("F-088 is unready and answers 503 with a reason while it has never read which servers there are, however long that takes", async () => {
  const kube = await startKube();
  const files = await startPodSidecar("files", { tools: [makeTool("read")] });
  kube.store.set(podOf("files-1", files));
  const end = kube.failWhile(() => ({ status: "reset" }));
  const aggregator = await startAggregatorProgram(undefined, ["--kube", kube.url, "--mode", "direct"]);
  ends.push(() => aggregator.close());
  const ready = await waitFor("the failure to be told", async () => {
    const answer = await fetch(`${aggregator.url}/readyz`);
    const text = await answer.text();
    return text.includes("can't reach") ? { status: answer.status, text } : undefined;
  });
  expect(ready.status).toBe(503);
  expect(ready.text).toMatch(/Which servers there are was not read yet \(pods: can't reach/);
  const params = { name: "tools__files__read", arguments: {} };
  for (const [body, headers] of [modernRequest("tools/list", {}), modernRequest("tools/call", params)]) {
    const answer = await postRaw(`${aggregator.url}/mcp`, body, headers);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(answer.messages[0]).toMatchObject({
      error: { code: 10_503, message: expect.stringContaining("still being read") as string },
    });
  }
  end();
  await aggregator.ready();
  const [body, headers] = modernRequest("tools/call", params);
  expect((await postRaw(`${aggregator.url}/mcp`, body, headers)).messages[0]).toHaveProperty("result");
});

it("names tools without namespace where one namespace is served, and refuses names that would not tell servers apart", async () => {
  const kube = await startKube();
  const [here, elsewhere] = [await startPodSidecar("files"), await startPodSidecar("files")];
  kube.store.set(podOf("files-1", here));
  kube.store.set(podOf("files-1", elsewhere, { namespace: "web" }));
  const aggregator = await startOnPods(kube, ["--namespaces", "tools", "--names", "server"]);
  expect((await listServers(aggregator)).map(({ namespace }) => namespace)).toEqual(["tools"]);
  expect(textOf((await callTool(aggregator, "files__echo", { text: "x" }))["result"])).toBe('{"text":"x"}');
  await expect(startAggregatorProgram(undefined, ["--kube", kube.url, "--names", "server"])).rejects.toThrow(
    /did not start/,
  );
});

it("F-085 lists and serves the others at once while one server hangs, one talks nonsense and one is not there", async () => {
  const silent = await startSocketServer(() => undefined);
  const nonsense = await startSocketServer((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
  const good = await startFakeSidecar("good");
  const odd = await startFakeSidecar("odd");
  odd.control.failCatalogues(500);
  ends.push(
    () => good.close(),
    () => odd.close(),
  );
  const at = (control: string): object => ({ url: `${control}/mcp`, outrigger: { control } });
  const startedMs = performance.now();
  const aggregator = await startAggregatorProgram({
    silent: at(silent),
    nonsense: at(nonsense),
    absent: at("http://127.0.0.1:1"),
    odd: odd.entry(),
    good: good.entry(),
  });
  ends.push(() => aggregator.close());
  const called = await waitFor("the good server", async () => {
    const { result } = await callTool(aggregator, "good__echo", { text: "fine" });
    return result !== undefined && textOf(result);
  });
  expect(called).toBe('{"text":"fine"}');
  expect(performance.now() - startedMs).toBeLessThan(9_000);

  await aggregator.ready();
  const byName = Object.fromEntries((await listServers(aggregator)).map((server) => [server.name, server]));
  for (const name of ["silent", "nonsense", "absent"]) {
    expect([name, byName[name]?.["state"], byName[name]?.["reason"]]).toEqual([name, "Dead", "SidecarUnreachable"]);
  }
  expect(byName["odd"]).toMatchObject({ toolsCount: 0, notes: [{ reason: "ListFailed" }] });
  expect(byName["good"]).toMatchObject({ state: "Ready", toolsCount: 1 });

  odd.control.failCatalogues(undefined);
  await waitFor(
    "the catalogue that could not be read",
    async () => (await aggregator.get("/api/v1/summary"))["tools"] === 2,
    // The pause before the next attempt has grown to 30 s at the most.
    40_000,
  );
});

/** A server below HTTP; gives its address. */
async function startSocketServer(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    onSocket(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    return Promise.resolve();
  });
  // A server that listens on TCP has this form of address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("F-064 says what was read: in the log at every change, as metrics, and in the read API", async () => {
  const good = await startFakeSidecar("good", { tools: [makeTool("a"), makeTool("b")] });
  ends.push(() => good.close());
  const aggregator = await startAggregatorProgram({
    good: good.entry(),
    absent: { url: "http://127.0.0.1:1/mcp", outrigger: { control: "http://127.0.0.1:1" } },
  });
  ends.push(() => aggregator.close());
  await aggregator.ready();
  const expected = { servers: 2, successful: 1, failed: 1, pending: 0, tools: 2 };
  expect(await aggregator.get("/api/v1/summary")).toMatchObject(expected);
  const linesWith = (values: object): number =>
    aggregator.log.filter((line) => Object.entries(values).every(([key, value]) => line[key] === value)).length;
  await waitFor("the line", () => linesWith({ msg: "catalogue changed", ...expected }) === 1);
  const metrics = await aggregator.metrics();
  expect(metrics).toContain('outrigger_aggregator_ingested_servers{result="successful"} 1');
  expect(metrics).toContain('outrigger_aggregator_ingested_servers{result="failed"} 1');
  expect(metrics).toContain('outrigger_aggregator_servers{state="Ready"} 1');
  expect(metrics).toContain("outrigger_aggregator_index_tools 2");

  good.control.list([makeTool("a")]);
  await waitFor("the next line", () => linesWith({ msg: "catalogue changed", ...expected, tools: 1 }) === 1);
});

it("follows the server file, and keeps the last good one while it is broken", async () => {
  const [one, two] = [await startFakeSidecar("one"), await startFakeSidecar("two")];
  ends.push(
    () => one.close(),
    () => two.close(),
  );
  const aggregator = await startAggregatorProgram({ one: one.entry() });
  ends.push(() => aggregator.close());
  await aggregator.ready();
  await aggregator.serve({ one: one.entry(), two: two.entry() });
  await waitFor("the second server", async () => (await aggregator.get("/api/v1/summary"))["tools"] === 2);
  await aggregator.serve({ one: { urll: "typo" } });
  await waitFor(
    "the fault",
    async () => ((await aggregator.get("/api/v1/servers"))["faults"] as string[]).length === 1,
  );
  expect((await aggregator.get("/api/v1/summary"))["tools"]).toBe(2);
  await aggregator.serve({ two: two.entry() });
  await waitFor(
    "the end of the first",
    async () => (await listServers(aggregator)).map(({ name }) => name).join() === "two",
  );
});

it("F-007 F-016 talks to its sidecars alone, without any credential", async () => {
  const recorder = fileURLToPath(new URL("../fixtures/record-connections.ts", import.meta.url));
  const sidecar = await startFakeSidecar("good", { era: "modern" });
  ends.push(() => sidecar.close());
  const aggregator = await startAggregatorProgram({ good: sidecar.entry() }, [], { nodeFlags: ["--import", recorder] });
  ends.push(() => aggregator.close());
  await aggregator.ready();
  await callTool(aggregator, "good__echo", { text: "x" });
  const addresses = new Set(aggregator.log.filter(({ msg }) => msg === "connected").map(({ address }) => address));
  expect(addresses).toEqual(new Set([new URL(sidecar.control.url).host, new URL(sidecar.data.url).host]));
  const sent = [...sidecar.control.requests, ...sidecar.data.received.map(({ headers }) => headers)];
  expect(sent.length).toBeGreaterThanOrEqual(3);
  expect(sent.filter(({ authorization, cookie }) => authorization !== undefined || cookie !== undefined)).toEqual([]);
});
