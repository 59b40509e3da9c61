/** What a thousand pods cost an aggregator: one fetch for each list, and none for a list that it knows. */
import { afterEach, expect, it } from "vitest";
import { startAggregatorProgram } from "../fixtures/aggregator.ts";
import { startFakeKube } from "../fixtures/fake-kube/server.ts";
import { startFarm } from "../fixtures/fake-sidecar/farm.ts";
import { makeTool } from "../fixtures/fake-sidecar/sidecar.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it(
  "F-088 a thousand replicas with one list cost one fetch, their restart none, and a new list one more",
  { timeout: 120_000 },
  async () => {
    const tools = ["read", "write", "find"].map((name) => makeTool(name));
    const plan = { count: 1_000, serverOf: () => "github", toolsOf: () => tools };
    const farm = await startFarm({ ...plan, net: `127.${20 + (process.pid % 200)}` });
    const kube = await startFakeKube();
    ends.push(
      () => kube.close(),
      () => farm.close(),
    );
    for (const pod of farm.pods) kube.store.set(pod);
    const aggregator = await startAggregatorProgram(undefined, ["--kube", kube.url]);
    ends.push(() => aggregator.close());
    await aggregator.ready();
    await waitFor("every pod's feed", () => farm.readers() === 1_000, 60_000);
    const names = async (): Promise<string> => JSON.stringify(await aggregator.get("/api/v1/tools"));
    await waitFor("the tools", async () => (await names()).includes("tools__github__find"));
    expect(farm.fetches()).toBe(1);

    // Another pod in the place of each tenth: the same list under a new identity.
    for (const pod of farm.pods.filter((_pod, at) => at % 10 === 0)) {
      kube.store.remove("tools", pod.metadata.name);
      kube.store.set({ ...pod, metadata: { ...pod.metadata, uid: `${pod.metadata.uid ?? ""}-again` } });
    }
    const isAgain = async (): Promise<boolean> =>
      JSON.stringify(await aggregator.get("/api/v1/servers/tools/github")).split("-again").length === 101;
    await waitFor("the new pods", isAgain, 60_000);
    await waitFor("every pod's feed", () => farm.readers() === 1_000, 60_000);
    expect(farm.fetches()).toBe(1);

    farm.list("github", [...tools, makeTool("merge")]);
    await waitFor("the new tool", async () => (await names()).includes("tools__github__merge"), 60_000);
    expect(farm.fetches()).toBe(2);
  },
);
