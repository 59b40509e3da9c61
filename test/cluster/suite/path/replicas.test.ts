/** Every program in two replicas: ready without leadership, spread, guarded by a budget, and replaced without a failed call or admission. */
import { beforeAll, describe, expect, it } from "vitest";
import { openSession, postRaw, textOf } from "../../../fixtures/mcp-clients.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
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

  const isWhole = ({ wanted, ready, disruptionsAllowed }: ProgramState): boolean =>
    wanted === 2 && ready === 2 && disruptionsAllowed === 1;
  const untilWhole = (program: string, without: readonly string[]): Promise<ProgramState> =>
    waitFor(
      `two Ready pods of the ${program}`,
      async () => {
        const state = await readProgram(product, program);
        return isWhole(state) && state.pods.every(({ metadata }) => !without.includes(metadata.name)) && state;
      },
      90_000,
    );
  const nameOf = ({ metadata }: PodFacts): string => metadata.name;
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
    // Each request over a connection of its own, for which the Service picks a replica.
    const close = { connection: "close" };
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
});

/** A replica's name in the election begins with its pod's. */
function isHeldBy(leader: string, pod: string): boolean {
  return leader.startsWith(pod);
}
