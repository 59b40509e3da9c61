import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { beforeAll, afterAll, describe, expect, it, onTestFinished } from "vitest";
import { startInProcess } from "../../sidecar/src/testing/in-process.ts";
import { callOf, post, serveAnswers } from "../../sidecar/src/testing/post.ts";
import { startRedis, type RedisServer } from "../fixtures/redis-server.ts";
import { waitFor } from "../fixtures/wait-for.ts";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

let servers = 0;

/** Two replicas of one server with the same policy, which count in the store at `url`. */
async function startReplicas(url: string, rate: string) {
  const name = `server-${++servers}`;
  const { handler, arrived } = serveAnswers(() => ({ result: { done: true } }));
  const wide = { name: "wide", rate: "100000/s", methods: ["prompts/list"] };
  const policy = { limits: [{ name: "fleet", rate }, wide] };
  const flags = ["--server", name, "--namespace", "team", "--shared-store", url];
  const replicas = [
    await startInProcess({ handler, policy, flags }),
    await startInProcess({ handler, policy, flags }),
  ] as const;
  return { arrived, replicas };
}

const isServed = async (url: string): Promise<boolean> =>
  (await post(url, callOf("t"))).message.result?.["done"] === true;

type Replica = Awaited<ReturnType<typeof startInProcess>>;

/** Asks for something that is counted and never limited, until the sidecar says that the store answers, or that it does not. */
function untilStore(state: "away" | "there", { url, metrics }: Replica): Promise<unknown> {
  const line = `outrigger_sidecar_shared_store_away ${state === "away" ? 1 : 0}\n`;
  return waitFor(`the store to be ${state}`, async () => {
    await post(url, { method: "prompts/list" });
    return (await metrics()).includes(line);
  });
}

/** A port that passes bytes on to the store, until it is told to hold them back. */
async function startStallingProxy(port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("data", (chunk) => other.write(chunk));
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${own}`,
    stall: (isStalled: boolean): void => {
      for (const socket of sockets)
        if (isStalled) socket.pause();
        else socket.resume();
    },
  };
}

describe("a limit with a shared store", () => {
  it("counts the calls of all replicas together, and says how long to wait", async () => {
    const { arrived, replicas } = await startReplicas(redis.url, "4/h");
    const [one, other] = replicas;
    await untilStore("there", one);
    await untilStore("there", other);
    const served: boolean[] = [];
    for (const replica of [one, other, one, other, one, other]) served.push(await isServed(replica.url));
    // Each replica alone would have let four through.
    expect(served).toEqual([true, true, true, true, false, false]);
    expect(arrived.filter(({ method }) => method === "tools/call")).toHaveLength(4);
    const refused = await post(other.url, callOf("t"));
    expect(refused.message.result).toMatchObject({
      isError: true,
      _meta: { "outrigger.dev/error": { reason: "RateLimited", limit: "fleet" } },
    });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_000);
  });

  it("holds in each pod by itself while the store is away, and for all again when it is back", async () => {
    const own = await startRedis();
    onTestFinished(own.stop);
    const { replicas } = await startReplicas(own.url, "5/h");
    const [one, other] = replicas;
    await untilStore("there", one);
    await own.stop();
    await untilStore("away", one);
    await untilStore("away", other);
    const served: boolean[] = [];
    for (let at = 0; at < 7; at++) served.push(await isServed(one.url));
    // Neither open nor closed: the pod's own count holds.
    expect(served).toEqual([true, true, true, true, true, false, false]);
    const again = await startRedis(own.port);
    onTestFinished(again.stop);
    await untilStore("there", other);
    expect(await isServed(other.url)).toBe(true);
  });

  it("decides by itself within bounded time where the store takes connections and does not answer", async () => {
    const proxy = await startStallingProxy(redis.port);
    const { replicas } = await startReplicas(proxy.url, "100/h");
    const [one] = replicas;
    await untilStore("there", one);
    proxy.stall(true);
    const startedMs = performance.now();
    for (let at = 0; at < 20; at++) expect(await isServed(one.url)).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    await untilStore("away", one);
    proxy.stall(false);
    await untilStore("there", one);
  });
});
