/** From annotations on pods to the replica that gets a call: the real aggregator over pods of an API server, several replicas of one server. */
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { apiKeyPrefix } from "@outrigger/api/api-key";
import { sidecarPorts } from "@outrigger/api/ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import type { FakePod } from "../fixtures/fake-kube/store.ts";
import { sendResult, textResult } from "../fixtures/fake-sidecar/data.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { modernRequest, openSession, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

/** Loopback addresses of our own: the control port is the same at each. */
const net = `127.${20 + (process.pid % 200)}.${100 + (Math.floor(process.pid / 200) % 150)}`;
const keyOf = { ann: newKey(), bob: newKey(), eve: newKey() };
type Who = keyof typeof keyOf;

const folder = nameFileFolder("pod-routing");
let kube: FakeKube;
let aggregator: RunningAggregator;
let replicas: readonly FakeSidecar[];
let revision = 0;

function newKey(): string {
  return `${apiKeyPrefix}${randomBytes(32).toString("base64url")}`;
}

beforeAll(async () => {
  kube = await startFakeKube();
  const tools = [{ ...makeTool("read"), annotations: { readOnlyHint: true } }, makeTool("write")];
  replicas = await Promise.all(
    [1, 2, 3].map((at) =>
      startFakeSidecar("orders", {
        ...{ era: "modern" as const, tools, host: `${net}.${at}`, controlPort: sidecarPorts.control },
      }),
    ),
  );
  const keys = join(folder, "keys");
  const lines = Object.entries(keyOf).map(
    ([name, key]) => `${name} sha256:${createHash("sha256").update(key).digest("hex")}`,
  );
  await writeFile(keys, lines.join("\n"));
  replicas.forEach((_replica, at) => kube.store.set(podOf(at, {}, 0)));
  const flags = [
    "--kube",
    kube.url,
    "--namespaces",
    "tools",
    "--auth",
    "api-key",
    "--api-keys",
    keys,
    "--mode",
    "direct",
  ];
  aggregator = await startAggregatorProgram(undefined, flags);
  await aggregator.ready();
}, 60_000);

afterAll(async () => {
  await aggregator.close();
  await Promise.all(replicas.map((replica) => replica.close()));
  await kube.close();
});

function podOf(at: number, annotations: Readonly<Record<string, string>>, of: number): FakePod {
  const { data } = replicas[at]!;
  return {
    metadata: {
      ...{
        name: `orders-${at}`,
        namespace: "tools",
        uid: `uid-${at}`,
        creationTimestamp: `2026-11-0${at + 1}T10:00:00Z`,
      },
      labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "orders", revision: `r${of}-${at}` },
      annotations: { "outrigger.dev/endpoint": `${new URL(data.url).port}/mcp`, ...annotations },
    },
    spec: { containers: [{ name: "app", image: "orders:1" }] },
    status: {
      ...{ phase: "Running", podIP: `${net}.${at + 1}` },
      conditions: [{ type: "Ready", status: "True" }],
    },
  };
}

interface Spread {
  readonly counts: () => readonly number[];
}

/** Annotates the running pods, each as it is given, and counts from when the aggregator has read that. Every replica answers with its number. */
async function annotate(annotations: readonly Readonly<Record<string, string>>[]): Promise<Spread> {
  const now = ++revision;
  replicas.forEach(({ data }, at) => data.answer(({ id, res }) => sendResult(res, id, textResult(String(at)))));
  // The record shows the labels of the newest, which is changed last.
  for (const at of replicas.keys()) {
    const named = Object.entries(annotations[at] ?? annotations[0] ?? {}).map(([name, value]) => [
      `outrigger.dev/${name}`,
      value,
    ]);
    kube.store.set(podOf(at, Object.fromEntries(named) as Record<string, string>, now));
  }
  await waitFor("the annotations", async () => {
    const response = await fetch(`${aggregator.url}/api/v1/servers/tools/orders`, { headers: as("ann") });
    return JSON.stringify(await response.json()).includes(`"revision":"r${now}-`);
  });
  const callsOf = ({ data }: FakeSidecar): number =>
    data.received.filter(({ method }) => method === "tools/call").length;
  const before = replicas.map(callsOf);
  return { counts: () => replicas.map((replica, at) => callsOf(replica) - (before[at] ?? 0)) };
}

const as = (who: Who) => ({ authorization: `Bearer ${keyOf[who]}` });

/** Calls a tool; the number of the replica that answered, or the reason of the error. */
async function call(tool: "read" | "write" = "read", who: Who = "ann"): Promise<string> {
  const [body, headers] = modernRequest("tools/call", { name: `tools__orders__${tool}`, arguments: {} });
  const { messages } = await postRaw(`${aggregator.url}/mcp`, body, { ...headers, ...as(who) });
  const { result, error } = messages.at(-1) as {
    result?: unknown;
    error?: { data?: { outrigger?: { reason?: string } } };
  };
  return error === undefined ? textOf(result) : (error.data?.outrigger?.reason ?? "no reason");
}

async function callTimes(count: number, who: Who = "ann"): Promise<void> {
  for (let sent = 0; sent < count; sent++) await call("read", who);
}

describe("F-108 annotations on running pods say how calls are spread", () => {
  it("by RoundRobin evenly, and by Failover to the lowest priority alone, without a restart", async () => {
    const even = await annotate([{ strategy: "RoundRobin" }]);
    await callTimes(30);
    expect(even.counts()).toEqual([10, 10, 10]);
    const first = await annotate([5, 1, 3].map((priority) => ({ strategy: "Failover", priority: String(priority) })));
    await callTimes(6);
    expect(first.counts()).toEqual([0, 6, 0]);
  });

  it("by Weighted as each pod's own weight says", async () => {
    const spread = await annotate([1, 1, 98].map((weight) => ({ strategy: "Weighted", weight: String(weight) })));
    await callTimes(100);
    const [light = 0, other = 0, heavy = 0] = spread.counts();
    expect(light + other + heavy).toBe(100);
    // Fewer than 75 of 100 at odds of 98 to 2 happen once in 10^20 runs.
    expect(heavy).toBeGreaterThan(75);
  });

  it("and a value that can't be read counts as none", async () => {
    const spread = await annotate([{ strategy: "round-robin", weight: "0" }]);
    await callTimes(9);
    expect(spread.counts()).toEqual([3, 3, 3]);
  });
});

it("F-112 keeps a caller at one replica by its name, over sessions and requests without one, where pods say affinity Caller", async () => {
  await annotate([{ affinity: "Caller", strategy: "RoundRobin" }]);
  const homes = new Map<Who, string>();
  for (const who of ["ann", "bob", "eve"] as const) {
    const home = await call("read", who);
    homes.set(who, home);
    for (let count = 0; count < 4; count++) expect(await call("read", who)).toBe(home);
    const session = await openSession(`${aggregator.url}/mcp`, as(who));
    const params = { name: "tools__orders__read", arguments: {} };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 5, method: "tools/call", params });
    const { messages } = await postRaw(`${aggregator.url}/mcp`, body, { ...session, ...as(who) });
    expect(textOf(messages.at(-1)?.["result"])).toBe(home);
  }
  expect([...homes.values()].every((home) => ["0", "1", "2"].includes(home))).toBe(true);
});

describe("F-109 annotations on running pods say which calls are sent again", () => {
  const twice = <T>(one: T): readonly T[] => [one, one];
  const breakFirst = (): void => replicas[0]?.data.answer(({ res }) => void res.socket?.destroy());

  it("none by default, those that only read with retry ReadOnly", async () => {
    const wishes = { strategy: "Failover", priority: "0" };
    const others = { strategy: "Failover", priority: "9" };
    await annotate([wishes, others, others]);
    breakFirst();
    expect(await call("read")).toBe("ReplicaLost");
    await annotate([{ ...wishes, retry: "ReadOnly" }, ...twice({ ...others, retry: "ReadOnly" })]);
    breakFirst();
    expect(await call("read")).toMatch(/^[12]$/);
    expect(await call("write")).toBe("ReplicaLost");
  });

  it("and a slow one is helped by a second replica with hedge", async () => {
    const wishes = { strategy: "Failover", retry: "ReadOnly", hedge: "20ms" };
    await annotate([{ ...wishes, priority: "0" }, ...twice({ ...wishes, priority: "9" })]);
    let cancelled = 0;
    // Who has lost calls is left alone for a while, so any of them may be the first.
    let isFirst = true;
    replicas.forEach(({ data }, at) =>
      data.answer(({ id, res }) => {
        if (!isFirst) {
          sendResult(res, id, textResult(String(at)));
          return;
        }
        isFirst = false;
        res.on("close", () => cancelled++);
      }),
    );
    expect(await call("read")).toMatch(/^[012]$/);
    await waitFor("the end of the slow call", () => cancelled === 1);
    const response = await fetch(`${aggregator.adminUrl}/metrics`);
    expect(await response.text()).toContain('outrigger_aggregator_call_retries_total{cause="slow"} 1\n');
  });
});
