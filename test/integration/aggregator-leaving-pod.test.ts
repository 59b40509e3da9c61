/** A pod on its way out: it gets no new call, and calls that are under way there come to their end, whatever the API server says of it. */
import type { ServerResponse } from "node:http";
import { afterEach, expect, it } from "vitest";
import { startAggregatorProgram } from "../fixtures/aggregator.ts";
import { startFakeKube } from "../fixtures/fake-kube/server.ts";
import type { FakePod } from "../fixtures/fake-kube/store.ts";
import { sendResult, textResult } from "../fixtures/fake-sidecar/data.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { connectLegacy, connectModern, textOf } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Loopback addresses of our own, so that the fixed control port never meets another run's. */
const net = `127.${20 + (process.pid % 200)}.${Math.floor(process.pid / 200) % 250}`;
let lastHost = 100;

/** A replica whose calls wait until the test lets them go. */
interface Replica {
  readonly pod: FakePod;
  readonly waiting: () => number;
  /** Answers all that wait with the name of the pod. */
  readonly letGo: () => void;
}

async function startReplica(name: string, era: "legacy" | "modern"): Promise<Replica> {
  const host = `${net}.${++lastHost}`;
  const tools = [makeTool("slow")];
  const sidecar: FakeSidecar = await startFakeSidecar("github", { era, tools, host, controlPort: 19_081 });
  ends.push(() => sidecar.close());
  const waiting: { readonly id: unknown; readonly res: ServerResponse }[] = [];
  sidecar.data.answer((call) => void waiting.push(call));
  const pod = {
    metadata: {
      name,
      namespace: "tools",
      uid: name,
      labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "github" },
      annotations: { "outrigger.dev/endpoint": `${new URL(sidecar.data.url).port}/mcp` },
    },
    spec: { containers: [{ name: "app", image: "app:1" }] },
    status: { phase: "Running", podIP: host, conditions: [{ type: "Ready", status: "True" }] },
  };
  const letGo = (): void => {
    for (const { id, res } of waiting.splice(0)) sendResult(res, id, textResult(name));
  };
  return { pod, waiting: () => waiting.length, letGo };
}

it.each([
  ["legacy", connectLegacy],
  ["modern", connectModern],
] as const)("ends calls under way at a pod that leaves, and begins none there (%s)", async (era, connect) => {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  const [leaving, staying] = [await startReplica("leaving", era), await startReplica("staying", era)];
  kube.store.set(leaving.pod);
  kube.store.set(staying.pod);
  const aggregator = await startAggregatorProgram(undefined, ["--kube", kube.url]);
  ends.push(() => aggregator.close());
  await aggregator.ready();
  const countReplicas = async (): Promise<number> => {
    const { servers } = (await aggregator.get("/api/v1/servers")) as { servers: { replicas: unknown[] }[] };
    return servers[0]?.replicas.length ?? 0;
  };
  await waitFor("both replicas", async () => (await countReplicas()) === 2);

  /** One call of a client of its own, so that no session holds it to a replica. */
  const call = async (): Promise<string> => {
    const client = await connect(`${aggregator.url}/mcp`);
    ends.push(() => client.close());
    return textOf(await client.callTool({ name: "call_tool", arguments: { name: "tools__github__slow" } }));
  };
  const before = [call(), call()];
  await waitFor("a call at each replica", () => leaving.waiting() === 1 && staying.waiting() === 1);
  kube.store.set({ ...leaving.pod, metadata: { ...leaving.pod.metadata, deletionTimestamp: "2026-11-01T10:00:00Z" } });
  await waitFor("the aggregator to know", async () => (await countReplicas()) === 1);
  const after = [call(), call(), call()];
  await waitFor("new calls at the other replica", () => staying.waiting() === 4);
  expect(leaving.waiting()).toBe(1);
  kube.store.remove("tools", "leaving");
  leaving.letGo();
  staying.letGo();
  expect((await Promise.all(before)).sort()).toEqual(["leaving", "staying"]);
  expect(await Promise.all(after)).toEqual(["staying", "staying", "staying"]);
});
