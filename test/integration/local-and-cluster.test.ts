/** One real sidecar, found once through a server file and once through the Kubernetes API: what differs is what the page says. */
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { repositoryRoot } from "../demo/stage/root.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startFakeKube } from "../fixtures/fake-kube/server.ts";
import { modernRequest, postRaw } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** An address of our own on loopback, since the control port of injected pods is fixed. */
const host = `127.${230 + (process.pid % 20)}.${Math.floor(process.pid / 20) % 250}.1`;

async function startSidecar(): Promise<number> {
  const programs = createPrograms();
  ends.push(() => programs.endAll());
  const server = join(repositoryRoot, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");
  const addresses = ["--listen", `${host}:0`, "--control", `${host}:19081`, "--admin", `${host}:19082`];
  const quick = ["--quick-policy", '{"denyTools":["get-env"],"rateLimit":"1/h"}'];
  const line = await programs.start(
    [
      ...["--conditions=outrigger-source", join(repositoryRoot, "sidecar/src/main.ts"), "--server", "everything"],
      ...[...addresses, ...quick, "--hosts", host, "--", process.execPath, server, "stdio"],
    ],
    (text) => (text.includes('"listening"') ? text : undefined),
  );
  // The sidecar writes one JSON object per line.
  return (JSON.parse(line) as { dataPort: number }).dataPort;
}

async function startBoth(dataPort: number): Promise<{ local: RunningAggregator; cluster: RunningAggregator }> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  kube.store.set({
    metadata: {
      name: "everything-1",
      namespace: "tools",
      uid: "u1",
      creationTimestamp: "2026-11-01T10:00:00Z",
      labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "everything" },
      annotations: { "outrigger.dev/endpoint": `${dataPort}/mcp`, "outrigger.dev/group": "web" },
    },
    spec: { containers: [{ name: "app", image: "registry.example/everything:1" }] },
    status: { phase: "Running", podIP: host, conditions: [{ type: "Ready", status: "True" }] },
  });
  const control = `http://${host}:19081`;
  const entry = { url: `http://${host}:${dataPort}/mcp`, outrigger: { control, group: "web" } };
  const [local, cluster] = await Promise.all([
    startAggregatorProgram({ everything: entry }),
    startAggregatorProgram(undefined, ["--kube", kube.url]),
  ]);
  for (const aggregator of [local, cluster]) ends.push(() => aggregator.close());
  await Promise.all([local.ready(), cluster.ready()]);
  return { local, cluster };
}

async function call(aggregator: RunningAggregator, name: string): Promise<unknown> {
  const answer = await postRaw(
    `${aggregator.url}/mcp`,
    ...modernRequest("tools/call", { name, arguments: { message: "hi" } }),
  );
  return answer.messages[0];
}

interface Tools {
  readonly tools: readonly Readonly<Record<string, unknown>>[];
}

// The read API answers an object with the tools of the group.
const listTools = async (aggregator: RunningAggregator): Promise<Tools> =>
  (await aggregator.get("/api/v1/tools?group=web&limit=50")) as unknown as Tools;

it("F-195 a sidecar does the same behind a file and behind the Kubernetes API, but for name, namespace and origin", async () => {
  const { local, cluster } = await startBoth(await startSidecar());
  const [here, there] = await Promise.all([listTools(local), listTools(cluster)]);
  expect(here.tools.length).toBeGreaterThan(10);
  expect(here.tools.map(({ name }) => `tools__${String(name)}`)).toEqual(there.tools.map(({ name }) => name));
  const differing = { name: undefined, namespace: undefined };
  const alike = ({ tools }: Tools): unknown => tools.map((tool) => ({ ...tool, ...differing }));
  expect(alike(here)).toEqual(alike(there));
  // One budget for both, since there is one sidecar; a denied tool is denied on both ways.
  expect(JSON.stringify(await call(local, "everything__echo"))).toContain("Echo: hi");
  expect(JSON.stringify(await call(cluster, "tools__everything__echo"))).toContain("RateLimited");
  expect(JSON.stringify(await call(local, "everything__get-env"))).toContain("Unknown tool");
  expect(JSON.stringify(await call(cluster, "tools__everything__get-env"))).toContain("Unknown tool");
  const records = await Promise.all([local, cluster].map((aggregator) => aggregator.get("/api/v1/servers")));
  expect(records.map(({ servers }) => (servers as { origin: string }[])[0]?.origin)).toEqual(["File", "Injected"]);
});
