/** What an aggregator makes of the health that sidecars tell: who gets calls, and whose tools are listed. Real programs throughout. */
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { afterEach, expect, it } from "vitest";
import type { DiscoveredSidecar } from "../../aggregator/src/discovery/source.ts";
import type { State } from "../../aggregator/src/state/state.ts";
import { startAggregatorProgram } from "../fixtures/aggregator.ts";
import { startFakeKube } from "../fixtures/fake-kube/server.ts";
import type { FakePod } from "../fixtures/fake-kube/store.ts";
import { connectModern, modernRequest, postRaw } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { openState } from "./aggregator-state.ts";
import { createHealthBed, type Guarded, type HealthBed } from "./health-bed.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function makeBed(): HealthBed {
  const bed = createHealthBed();
  ends.push(bed.end);
  return bed;
}

/** Loopback addresses of our own, so that the fixed control port never meets another run's. */
const net = `127.${20 + (process.pid % 200)}.${Math.floor(process.pid / 200) % 250}`;
let lastHost = 200;

interface Replica extends Guarded {
  readonly pod: FakePod;
  /** Calls of tools that reached its server. */
  readonly calls: () => number;
}

async function startReplica(bed: HealthBed, target: string, name: string): Promise<Replica> {
  const host = `${net}.${++lastHost}`;
  const guarded = await bed.guard(target, [], host);
  const pod = {
    metadata: {
      name,
      namespace: "tools",
      uid: name,
      labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "fixture" },
      annotations: { "outrigger.dev/endpoint": `${new URL(guarded.sidecar.dataUrl).port}/mcp` },
    },
    spec: { containers: [{ name: "app", image: "app:1" }] },
    status: { phase: "Running", podIP: host, conditions: [{ type: "Ready", status: "True" }] },
  };
  return { ...guarded, pod, calls: () => guarded.proxy.asked.filter((method) => method === "tools/call").length };
}

it.each<[string, string, (bed: HealthBed) => Promise<string>]>([
  ["a modern server", "test_simple_text", (bed) => bed.startModern()],
  ["a legacy server", "get-sum", async (bed) => bed.startLegacy(await findFreePort())],
])(
  "F-047 a replica of %s whose calls fail gets none while another serves, and some again when it is well",
  async (_name, tool, start) => {
    const bed = makeBed();
    const kube = await startFakeKube();
    ends.push(() => kube.close());
    const target = await start(bed);
    const replicas = [await startReplica(bed, target, "first"), await startReplica(bed, target, "second")];
    for (const { pod } of replicas) kube.store.set(pod);
    const aggregator = await startAggregatorProgram(undefined, ["--kube", kube.url]);
    ends.push(() => aggregator.close());
    await aggregator.ready();
    for (const replica of replicas) await replica.until("Ready");
    await waitFor("both replicas", async () => {
      const { servers } = (await aggregator.get("/api/v1/servers")) as { servers: { replicas: { state: string }[] }[] };
      return servers[0]?.replicas.filter(({ state }) => state === "Ready").length === 2;
    });
    const client = await connectModern(`${aggregator.url}/mcp`);
    ends.push(() => client.close());
    const call = async (): Promise<boolean> => {
      const call_tool = { name: `tools__fixture__${tool}`, arguments: { a: 1, b: 2 } };
      const ended = await client.callTool({ name: "call_tool", arguments: call_tool }).catch(() => undefined);
      return ended !== undefined && ended.isError !== true;
    };
    /** Calls until the breaker of a replica is heard to be in a state; how many failed. */
    const callUntil = async ({ heard }: Replica, breaker: "Open" | "HalfOpen" | undefined): Promise<number> => {
      let failed = 0;
      do if (!(await call())) failed++;
      while (heard.at(-1)?.state.breaker !== breaker);
      return failed;
    };
    expect(await call()).toBe(true);
    const failing = replicas.find(({ calls }) => calls() > 0);
    const serving = replicas.find((replica) => replica !== failing);
    if (failing === undefined || serving === undefined) throw new Error("one replica of two got the call");

    failing.proxy.fail({ kind: "status", status: 500 }, ["tools/call"]);
    // As many as the breaker needs, whatever the aggregator knows by then.
    expect(await callUntil(failing, "Open")).toBe(5);
    await failing.until("CircuitOpen");
    failing.proxy.fail({ kind: "none" });
    const before = [failing.calls(), serving.calls()] as const;
    let served = 0;
    while (failing.heard.at(-1)?.state.breaker === "Open") {
      expect(failing.calls()).toBe(before[0]);
      expect(await call()).toBe(true);
      served++;
    }
    expect(serving.calls()).toBeGreaterThanOrEqual(before[1] + served - 1);
    expect(await callUntil(failing, undefined)).toBe(0);
    expect(failing.calls()).toBeGreaterThan(before[0]);
  },
);

/** A state over one sidecar, which forgets the tools of a dead server soon. */
async function startState({ sidecar }: Guarded): Promise<State> {
  const found: DiscoveredSidecar = {
    ...{ key: "one", namespace: "tools", server: "fixture", group: "default", labels: {}, createdAt: "" },
    ...{ dataUrl: sidecar.dataUrl, controlUrl: sidecar.controlUrl, origin: "Injected", headers: {}, isReady: true },
  };
  const { state, tell } = await openState(ends, { graceMs: 2_000 });
  tell(found);
  return state;
}

it("F-145 tells slow, failing and dead servers apart, and lists their tools on, of dead ones for a grace period", async () => {
  const bed = makeBed();
  const guarded = await bed.guard(await bed.startModern(), ["--health-interval", "100ms"]);
  const { proxy, sidecar } = guarded;
  const state = await startState(guarded);
  const view = (): string => `${state.views().get("one")?.state ?? ""} ${state.views().get("one")?.reason ?? ""}`;
  const tools = (): number => state.catalogue().tools.length;
  const readReady = async (): Promise<string> => (await fetch(`${sidecar.adminUrl}/readyz?verbose`)).text();
  const readMetrics = async (): Promise<string> => (await fetch(`${sidecar.adminUrl}/metrics`)).text();
  await waitFor("its tools", () => view() === "Ready Serving" && tools() > 5);
  const all = tools();
  const from = proxy.asked.length;
  await waitFor("what is usual to be known", () => proxy.asked.length > from + 8);

  proxy.fail({ kind: "delay", ms: 1_000 });
  await waitFor("it to be slow", () => view() === "Degraded Slow");
  expect(tools()).toBe(all);
  expect(await readReady()).toMatch(/Degraded, Slow: the server takes about \d times as long as usual to answer/);
  expect(await readMetrics()).toContain('outrigger_sidecar_health_reason{reason="slow"} 1');
  proxy.fail({ kind: "none" });
  await waitFor("it to be as usual", () => view() === "Ready Serving");

  proxy.fail({ kind: "status", status: 500 }, ["tools/call"]);
  for (let count = 0; count < 5; count++) {
    const answer = await postRaw(sidecar.dataUrl, ...modernRequest("tools/call", { name: "test_simple_text" }));
    expect(answer.status).toBe(500);
  }
  await waitFor("it to fail", () => view() === "Degraded CircuitOpen");
  expect(tools()).toBe(all);
  expect(await readReady()).toContain("Open: calls to the server failed too often");

  await proxy.die();
  await waitFor("it to be dead", () => view() === "Dead ProbeFailed");
  expect(tools()).toBe(all);
  await waitFor("its tools to go", () => tools() === 0);
  expect([...state.catalogue().servers.keys()]).toHaveLength(1);
  proxy.fail({ kind: "none" });
  await proxy.revive();
  await waitFor("its tools to be back", () => view().startsWith("Ready") && tools() === all);
});
