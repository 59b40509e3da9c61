import { Agent } from "undici";
import { afterEach, expect, it } from "vitest";
import { anonymous } from "../../aggregator/src/auth/principal.ts";
import type { ToolEntry } from "../../aggregator/src/catalog/entry.ts";
import { createView, hearState, loseSidecar, type SidecarView } from "../../aggregator/src/catalog/view.ts";
import { mayReturn } from "../../aggregator/src/route/outage.ts";
import { createRelay, type Relay, type RelayOptions } from "../../aggregator/src/route/relay.ts";
import { startFakeData, type FakeData } from "../fixtures/fake-sidecar/data.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function viewOf(dataUrl: string): SidecarView {
  const sidecar = {
    key: dataUrl,
    namespace: "tools",
    server: "files",
    group: "default",
    dataUrl,
    controlUrl: "http://127.0.0.1:1",
    labels: {},
    createdAt: "",
    origin: "Injected",
    transport: "streamable-http",
    headers: {},
    isReady: true,
  } as const;
  const health = { state: "Ready", reason: "Serving", message: "", sinceMs: 0 } as const;
  const told = { reason: "CatalogueListed", message: "", atMs: 0 } as const;
  const enforces = { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 };
  const policy = { hash: "", reason: "PolicyApplied", message: "", enforces } as const;
  const feed = { format: 1, server: "files", health, identity: {}, era: "modern", catalogue: told, policy } as const;
  return hearState(createView(sidecar, 0), feed, 0);
}

const tool: ToolEntry = {
  publicName: "files__echo",
  namespace: "tools",
  server: "files",
  group: "default",
  name: "echo",
  definition: { name: "echo" },
};
const patient = { waitMs: 30_000, pauseMs: 20, maxWaiting: 2 };

interface Stage {
  readonly relay: Relay;
  readonly data: FakeData;
  readonly call: (text: string, signal?: AbortSignal) => ReturnType<Relay["call"]>;
}

async function setUp(options: Partial<RelayOptions> = {}): Promise<Stage> {
  const data = await startFakeData("modern");
  const dispatcher = new Agent();
  const view = viewOf(data.url);
  const clientInfo = { name: "test", version: "1" };
  const base = {
    dispatcher,
    clientInfo,
    replicasOf: () => [view],
    nowMs: () => Date.now(),
    random: Math.random,
    outage: patient,
  };
  const relay = createRelay({ ...base, ...options });
  ends.push(
    () => dispatcher.destroy(),
    () => relay.stop(),
  );
  const call = (text: string, signal = new AbortController().signal): ReturnType<Relay["call"]> =>
    relay.call({
      target: tool,
      request: { method: "tools/call", params: { name: "echo", arguments: { text } } },
      voice: { capabilities: {} },
      meta: {},
      caller: "",
      principal: anonymous,
      callerEra: "modern",
      requestId: "r",
      signal,
    });
  return { relay, data, call };
}

/** The sidecar of the stage at its old place, as it is there again after its container was started again. */
async function comeBack({ data }: Stage): Promise<FakeData> {
  const back = await startFakeData("modern", "127.0.0.1", Number(new URL(data.url).port));
  ends.push(() => back.close());
  return back;
}

const answered = (text: string): object => ({
  kind: "result",
  result: { content: [{ text: JSON.stringify({ text }) }] },
});
const refused = { kind: "error", error: { data: { outrigger: { reason: "UpstreamUnavailable" } } } };

it("holds calls that reached no sidecar until one is back, and sends each once", async () => {
  const stage = await setUp();
  await stage.data.close();
  const calls = [stage.call("a"), stage.call("b")];
  const back = await comeBack(stage);
  expect(await Promise.all(calls)).toMatchObject([answered("a"), answered("b")]);
  expect(back.received).toHaveLength(2);
});

it("refuses what is more than may wait, and lets go of what its caller gives up", async () => {
  const stage = await setUp();
  await stage.data.close();
  const leaving = new AbortController();
  const calls = Array.from({ length: 3 }, () => stage.call("x", leaving.signal));
  expect(await Promise.race(calls)).toMatchObject(refused);
  leaving.abort();
  const ended = await Promise.allSettled(calls);
  expect(ended.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
  expect(stage.relay.inFlight()).toBe(0);
});

it("takes a replica that is not about to end, and one that is where there is no other", async () => {
  const staying = await startFakeData("modern");
  ends.push(() => staying.close());
  const draining = (view: SidecarView): SidecarView => ({
    ...view,
    ...(view.feed === undefined ? {} : { feed: { ...view.feed, draining: true } }),
  });
  const views: SidecarView[] = [];
  const stage = await setUp({ replicasOf: () => views });
  views.push(draining(viewOf(stage.data.url)), viewOf(staying.url));
  for (const text of ["a", "b"]) expect(await stage.call(text)).toMatchObject(answered(text));
  expect([staying.received.length, stage.data.received.length]).toEqual([2, 0]);
  views.pop();
  expect(await stage.call("c")).toMatchObject(answered("c"));
  await stage.data.close();
});

it("says so when the wait was in vain, and at once where the sidecars were lost long ago", async () => {
  const short = await setUp({ outage: { ...patient, waitMs: 100 } });
  await short.data.close();
  expect(await short.call("x")).toMatchObject(refused);

  const gone = viewOf("http://127.0.0.1:1");
  const long = await setUp({ replicasOf: () => [loseSidecar(gone, "refused", Date.now() - 60_000)] });
  await long.data.close();
  const ending = AbortSignal.timeout(15_000);
  expect(await long.call("x", ending)).toMatchObject(refused);
});

it.each(["CircuitOpen", "UpstreamCredentialsUnavailable", "UpstreamCredentialsRefused"] as const)(
  "tries another replica where a sidecar says %s, and hands its refusal on at once where there is none",
  async (reason) => {
    const views: SidecarView[] = [];
    const stage = await setUp({ replicasOf: () => views });
    const other = await startFakeData("modern");
    ends.push(() => other.close());
    const error = {
      code: 10_503,
      message: "left alone",
      data: { outrigger: { reason, server: "files", retryAfterMs: 4_000 } },
    };
    let kept = 0;
    stage.data.answer(({ id, res }) => {
      kept++;
      res.writeHead(503, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
    });
    views.push(viewOf(stage.data.url));
    expect(await stage.call("alone")).toEqual({ kind: "error", error });
    // A replica that can't be reached is no reason to wait either.
    views.push(viewOf("http://127.0.0.1:1"));
    expect(await stage.call("beside one that is gone")).toEqual({ kind: "error", error });
    views.splice(1, 1, viewOf(other.url));
    const calls = Array.from({ length: 6 }, (_each, at) => stage.call(String(at)));
    for (const [at, outcome] of (await Promise.all(calls)).entries())
      expect(outcome).toMatchObject(answered(String(at)));
    expect([kept >= 2, other.received.length]).toEqual([true, 6]);
  },
);

it("waits for replicas that were heard before and were not lost long ago, and for those that were found just now", () => {
  const heard = viewOf("http://127.0.0.1:1");
  const unheard = createView(heard.sidecar, 0);
  const lost = loseSidecar(heard, "refused", 1_000);
  expect(mayReturn([heard], 1e9, 500)).toBe(true);
  expect(mayReturn([lost], 1_499, 500)).toBe(true);
  expect(mayReturn([lost], 1_500, 500)).toBe(false);
  expect(mayReturn([lost, heard], 1e9, 500)).toBe(true);
  expect(mayReturn([unheard], 499, 500)).toBe(true);
  expect(mayReturn([unheard], 500, 500)).toBe(false);
  expect(mayReturn([loseSidecar(unheard, "refused", 0)], 0, 500)).toBe(false);
  expect(mayReturn([], 0, 500)).toBe(false);
});
