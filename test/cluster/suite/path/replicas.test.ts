/** Every program in two replicas: ready without leadership, spread, guarded by a budget, and replaced without a failed call or admission. */
import { beforeAll, describe, expect, it } from "vitest";
import { modernRequest, openSession, postRaw, textOf } from "../../../fixtures/mcp-clients.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { release } from "../../product/install.ts";
import { httpServer, optedIn, podOf } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { evict, readLeader, readProgram, type ProgramState } from "./eviction.ts";
import { useProduct, type PodFacts } from "./product.ts";
import { underLoad } from "./steady-load.ts";
import { createUser } from "./user.ts";
import { admitDry, isInjected } from "./webhook-away.ts";

const programs = ["webhook", "aggregator", "operator"] as const;

interface SpreadPod {
  readonly spec: { readonly topologySpreadConstraints?: readonly { readonly topologyKey: string }[] };
}

describe.skipIf(!hasCluster())("two replicas of each program", () => {
  const product = useProduct();
  const user = createUser(product.aggregator);
  const { image, kubeconfig } = product;
  const asked = podOf(httpServer("asked", { image, labels: optedIn }));
  let tools = "";

  const untilWhole = (program: string, without: readonly string[], count = 2): Promise<ProgramState> =>
    waitFor(
      `${count} Ready pods of the ${program}`,
      async () => {
        const state = await readProgram(product, program);
        const { pods, wanted, ready, disruptionsAllowed } = state;
        const isWhole = wanted === count && ready === count && pods.length === count && disruptionsAllowed === 1;
        return isWhole && pods.every(({ metadata }) => !without.includes(metadata.name)) && state;
      },
      90_000,
    );
  const nameOf = ({ metadata }: PodFacts): string => metadata.name;
  // Each request over a connection of its own, for which the Service picks a replica.
  const close = { connection: "close" };
  /** What is on its way from clients and from the API server all the time. */
  const use = async (): Promise<void> => {
    const answer = await user.call(`${tools}__server__echo`, { message: "x" });
    if (textOf(answer) !== "Echo: x") throw new Error(JSON.stringify(answer));
    if (!isInjected(await admitDry(kubeconfig, tools, asked))) throw new Error("admitted without the sidecar");
  };

  beforeAll(async () => {
    tools = await product.makeNamespace();
    await product.create(httpServer("server", { image, labels: optedIn }), tools);
    await product.readyPod(tools, "server");
    await user.untilListed(tools, "server");
  }, 120_000);

  it("F-077 F-112 keep sessions of legacy clients at any replica, without affinity at the Service, also when one replica is evicted", async () => {
    const url = `${await product.aggregator()}/mcp`;
    const sessions = await Promise.all(Array.from({ length: 4 }, () => openSession(url, close)));
    const params = { name: `${tools}__server__echo`, arguments: { message: "x" } };
    const call = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "tools/call", params });
    const useAll = async (): Promise<void> => {
      for (const session of [...sessions, ...sessions]) {
        const answer = await postRaw(url, call, { ...session, ...close });
        expect([answer.status, textOf(answer.messages.at(-1)?.["result"])]).toEqual([200, "Echo: x"]);
      }
    };
    const { pods } = await untilWhole("aggregator", []);
    await useAll();
    const [first = ""] = pods.map(nameOf);
    await evict(kubeconfig, first);
    await untilWhole("aggregator", [first]);
    await useAll();
  }, 180_000);

  it("F-011 are spread, keep a budget, become ready without waiting for leadership, and lose no call when one of each is evicted", async () => {
    for (const program of programs) {
      const { pods } = await untilWhole(program, []);
      for (const { spec } of pods as unknown as readonly SpreadPod[])
        expect(spec.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)).toEqual([
          "topology.kubernetes.io/zone",
          "kubernetes.io/hostname",
        ]);
    }
    const leader = await waitFor("a leader", () => readLeader(product));
    const { count, failures } = await underLoad(use, async () => {
      for (const program of programs) {
        const { pods } = await readProgram(product, program);
        // Of the operator the one that waits goes first: its successor becomes ready, too, and does not lead.
        const [first = "", second = ""] = pods.map(nameOf).sort((a) => (isHeldBy(leader, a) ? 1 : -1));
        await evict(kubeconfig, first);
        await expect(evict(kubeconfig, second), program).rejects.toThrow(/disruption budget/);
        await untilWhole(program, [first]);
      }
      expect(await readLeader(product)).toBe(leader);
      const { pods } = await readProgram(product, "operator");
      const leading = pods.map(nameOf).find((name) => isHeldBy(leader, name)) ?? "";
      await evict(kubeconfig, leading);
      await untilWhole("operator", [leading]);
    });
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(50);
    await waitFor("another leader", async () => {
      const next = await readLeader(product);
      return next !== undefined && next !== leader;
    });
  }, 300_000);

  it("F-077 three aggregators answer every stateless call, and every session goes on or is told that it is over, when one is killed, and when all are replaced", async () => {
    const url = `${await product.aggregator()}/mcp`;
    const deployment = `/apis/apps/v1/namespaces/${release.namespace}/deployments/outrigger-aggregator`;
    await product.patch(`${deployment}/scale`, { spec: { replicas: 3 } });
    const { pods } = await untilWhole("aggregator", [], 3);
    const before = pods.map(nameOf);
    const params = { name: `${tools}__server__echo`, arguments: { message: "x" } };
    const [body, headers] = modernRequest("tools/call", params);
    const inSession = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "tools/call", params });
    const sessions = await Promise.all(Array.from({ length: 6 }, () => openSession(url, close)));
    const seen = new Map<number, number>();
    let turn = 0;
    // A pod that is killed takes its address with it: nobody is left to say that a connection has ended.
    const patience = (): AbortSignal => AbortSignal.timeout(12_000);
    /** One call of each kind. `deliver` says what becomes of a connection that breaks before its answer. */
    const use = async (deliver: <T extends object>(send: () => Promise<T>) => Promise<T>): Promise<void> => {
      const { status, messages } = await deliver(() => postRaw(url, body, { ...headers, ...close }, patience()));
      if (status !== 200 || textOf(messages.at(-1)?.["result"]) !== "Echo: x") throw new Error(`stateless: ${status}`);
      const index = turn++ % sessions.length;
      const answer = await deliver(() => postRaw(url, inSession, { ...sessions[index], ...close }, patience()));
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      if (answer.status === 404) sessions[index] = await deliver(() => openSession(url, close, patience()));
      else if (answer.status !== 503 && textOf(answer.messages.at(-1)?.["result"]) !== "Echo: x")
        throw new Error(`in a session: ${answer.text}`);
    };
    const pod = `/api/v1/namespaces/${release.namespace}/pods/${before[0] ?? ""}`;
    const killed = await underLoad(
      // Whose replica is killed under a call sends it again, as any client does whose connection broke.
      () => use((send) => waitFor("an answer", send)),
      async () => {
        await product.remove(`${pod}?gracePeriodSeconds=0`);
        await untilWhole("aggregator", before.slice(0, 1), 3);
      },
    );
    expect(killed.failures).toEqual([]);
    expect([...seen.keys()].filter((status) => ![200, 404, 503].includes(status))).toEqual([]);
    expect(seen.get(200)).toBeGreaterThan(20);
    seen.clear();
    const annotations = { "test/replaced-at": new Date().toISOString() };
    const replaced = await underLoad(
      () => use((send) => send()),
      async () => {
        const { pods: old } = await readProgram(product, "aggregator");
        await product.patch(deployment, { spec: { template: { metadata: { annotations } } } });
        await untilWhole("aggregator", old.map(nameOf), 3);
      },
    );
    expect(replaced.failures).toEqual([]);
    // No connection broke, and nobody was told that a call may have been lost.
    expect([...seen.keys()].filter((status) => ![200, 404].includes(status))).toEqual([]);
    expect(seen.get(200)).toBeGreaterThan(20);
  }, 300_000);
});

/** A replica's name in the election begins with its pod's. */
function isHeldBy(leader: string, pod: string): boolean {
  return leader.startsWith(pod);
}
