/** The relay over several replicas of one server, with real sockets: how calls are spread, and what becomes of those that are lost. */
import type { RoutingWishes } from "@outrigger/api/routing";
import { Agent } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { anonymous, type Principal } from "../../aggregator/src/auth/principal.ts";
import type { DiscoveredSidecar } from "../../aggregator/src/discovery/source.ts";
import { createView, hearState, type SidecarView } from "../../aggregator/src/catalog/view.ts";
import type { CallOutcome } from "../../aggregator/src/route/failure.ts";
import { createRelay } from "../../aggregator/src/route/relay.ts";
import type { RelayCall } from "../../aggregator/src/route/relay-call.ts";
import { sendResult, startFakeData, textResult, type FakeData } from "../fixtures/fake-sidecar/data.ts";
import { textOf } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

type Era = "legacy" | "modern";

function viewOf(name: string, { url }: FakeData, { era, routing }: { era: Era; routing: RoutingWishes }): SidecarView {
  const sidecar: DiscoveredSidecar = {
    ...{
      key: name,
      namespace: "tools",
      server: "files",
      group: "default",
      dataUrl: url,
      controlUrl: "http://127.0.0.1:1",
    },
    ...{ labels: {}, createdAt: "", origin: "Injected" as const, headers: {}, isReady: true, routing },
  };
  const health = { state: "Ready", reason: "Serving", message: "", sinceMs: 0 } as const;
  const told = { reason: "CatalogueListed", message: "", atMs: 0 } as const;
  const enforces = { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 };
  const policy = { hash: "", reason: "PolicyApplied", message: "", enforces } as const;
  const feed = { format: 1, server: "files", health, identity: {}, era, catalogue: told, policy } as const;
  return hearState(createView(sidecar, 0), feed, 0);
}

interface Bed {
  readonly replicas: readonly FakeData[];
  /** Calls the tool; the text of its answer is the name of the replica. */
  readonly call: (rest?: Partial<RelayCall>) => Promise<CallOutcome>;
  /** How many calls each replica was sent so far. */
  readonly counts: () => readonly number[];
  readonly retries: readonly string[];
  readonly ejections: () => number;
  readonly pass: (ms: number) => void;
}

async function setUp(wishes: readonly RoutingWishes[], era: Era = "modern"): Promise<Bed> {
  const replicas = await Promise.all(wishes.map(() => startFakeData(era)));
  const views = replicas.map((data, at) => viewOf(`r${at}`, data, { era, routing: wishes[at] ?? {} }));
  replicas.forEach((data, at) => data.answer(({ id, res }) => sendResult(res, id, textResult(`r${at}`))));
  const dispatcher = new Agent();
  const retries: string[] = [];
  let [nowMs, turn, ejections] = [0, 0, 0];
  const relay = createRelay({
    ...{ dispatcher, clientInfo: { name: "test", version: "1" }, replicasOf: () => views, nowMs: () => nowMs },
    ...{ random: () => (++turn * 0.618_033_988_749_895) % 1, onEject: () => ejections++ },
    outage: { waitMs: 0, pauseMs: 10, maxWaiting: 0 },
  });
  ends.push(
    () => dispatcher.destroy(),
    () => relay.stop(),
    ...replicas.map((data) => () => data.close()),
  );
  const target = { namespace: "tools", server: "files", group: "default", publicName: "files__run", name: "run" };
  return {
    replicas,
    call: (rest = {}) =>
      relay.call({
        ...{ target, request: { method: "tools/call", params: { name: "run", arguments: {} } }, meta: {} },
        ...{ caller: "", principal: anonymous, callerEra: "modern", requestId: "r", voice: { capabilities: {} } },
        ...{ signal: new AbortController().signal, onRetry: (cause) => void retries.push(cause) },
        ...rest,
      }),
    counts: () => replicas.map(({ received }) => received.filter(({ method }) => method === "tools/call").length),
    retries,
    ejections: () => ejections,
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

const answered = (outcome: CallOutcome): string =>
  outcome.kind === "result" ? textOf(outcome.result) : JSON.stringify(outcome.error.data);

const all = (count: number, one: RoutingWishes): RoutingWishes[] => Array.from({ length: count }, () => one);

/** Cuts the connection as soon as the call has arrived. */
const dieAtCalls = (data: FakeData): void => data.answer(({ res }) => void res.socket?.destroy());

const hinted = (hints: object): Partial<RelayCall> => ({
  target: {
    ...{ namespace: "tools", server: "files", group: "default", publicName: "files__run", name: "run" },
    definition: { name: "run", annotations: hints },
  },
});

describe("F-108 calls are spread", () => {
  it("by RoundRobin: each replica gets as many as any other", async () => {
    const bed = await setUp(all(3, { strategy: "RoundRobin" }));
    for (let count = 0; count < 90; count++) await bed.call();
    expect(bed.counts()).toEqual([30, 30, 30]);
  });

  it("by Weighted: as the weights say", async () => {
    const bed = await setUp([1, 2, 6].map((weight) => ({ strategy: "Weighted", weight })));
    for (let count = 0; count < 180; count++) await bed.call();
    for (const [at, expected] of [20, 40, 120].entries()) {
      expect(Math.abs((bed.counts()[at] ?? 0) - expected)).toBeLessThanOrEqual(4);
    }
  });

  it("by LeastConnections where nobody says anything: a replica that is slow gets no more while it works", async () => {
    const bed = await setUp(all(3, {}));
    const held: (() => void)[] = [];
    bed.replicas[0]?.answer(({ id, res }) => void held.push(() => sendResult(res, id, textResult("slow"))));
    const slow = bed.call();
    await waitFor("the slow call to arrive", () => held.length === 1);
    for (let count = 0; count < 40; count++) await bed.call();
    expect(bed.counts()).toEqual([1, 20, 20]);
    held[0]?.();
    expect(answered(await slow)).toBe("slow");
  });

  it("by Failover: to the lowest priority, and to the next one when that is away", async () => {
    const wishes = [5, 1, 3].map((priority) => ({ strategy: "Failover", priority }) as const);
    const bed = await setUp(wishes);
    for (let count = 0; count < 10; count++) await bed.call();
    expect(bed.counts()).toEqual([0, 10, 0]);
    const other = await setUp(wishes);
    await other.replicas[1]?.close();
    expect(answered(await other.call())).toBe("r2");
    expect(other.retries).toEqual(["unsent"]);
  });
});

describe("F-109 a replica that dies under a call", () => {
  it("gives an error that says so and when to try again; nothing is sent twice where nobody allows it", async () => {
    const bed = await setUp(all(2, {}));
    bed.replicas.forEach(dieAtCalls);
    const outcome = await bed.call(hinted({ readOnlyHint: true, idempotentHint: true }));
    expect(outcome).toMatchObject({
      kind: "error",
      error: {
        code: 10_503,
        data: { outrigger: { reason: "ReplicaLost", server: "files", name: "files__run", retryAfterMs: 1_000 } },
      },
    });
    expect(bed.counts()).toEqual([1, 0]);
    expect(bed.retries).toEqual([]);
  });

  it.each([
    [{ readOnlyHint: true }, "ReadOnly", true],
    [{ idempotentHint: true }, "Idempotent", true],
    [{ idempotentHint: true }, "ReadOnly", false],
    [{}, "Idempotent", false],
  ] as const)("of a tool that says %j is called elsewhere with retry %s: %j", async (hints, retry, isRepeated) => {
    const bed = await setUp(all(2, { retry, strategy: "RoundRobin" }));
    dieAtCalls(bed.replicas[0]!);
    const outcome = await bed.call(hinted(hints));
    expect(answered(outcome)).toContain(isRepeated ? "r1" : "ReplicaLost");
    expect(bed.retries).toEqual(isRepeated ? ["lost"] : []);
  });

  it("is called elsewhere too where the sidecar lives and says that its server was lost", async () => {
    const bed = await setUp(all(2, { retry: "ReadOnly", strategy: "RoundRobin" }));
    bed.replicas[0]?.answer(({ id, res }) => {
      const error = {
        code: 10_503,
        message: "broke",
        data: { outrigger: { reason: "UpstreamBroken", server: "files" } },
      };
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
    });
    expect(answered(await bed.call(hinted({ readOnlyHint: true })))).toBe("r1");
  });

  it("costs three attempts at most, and the deadline holds over all of them", async () => {
    const bed = await setUp(all(6, { retry: "ReadOnly" }));
    bed.replicas.forEach(dieAtCalls);
    expect(answered(await bed.call(hinted({ readOnlyHint: true })))).toContain("ReplicaLost");
    expect(bed.counts().reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  it("is ejected when it lost three calls in a row, and tried again later", async () => {
    const bed = await setUp(all(3, { strategy: "RoundRobin" }));
    dieAtCalls(bed.replicas[0]!);
    for (let count = 0; count < 30; count++) await bed.call();
    expect([bed.counts()[0], bed.ejections()]).toEqual([3, 1]);
    bed.replicas[0]?.answer(({ id, res }) => sendResult(res, id, textResult("r0")));
    bed.pass(5_000);
    expect(answered(await bed.call())).toBe("r0");
  });

  it("F-152 is not ejected for credentials that the server refuses: a caller's may be at fault, and the call goes elsewhere", async () => {
    const bed = await setUp(all(3, { strategy: "RoundRobin" }));
    bed.replicas[0]?.answer(({ id, res }) => {
      const data = { outrigger: { reason: "UpstreamCredentialsRefused", server: "files" } };
      const error = { code: 10_503, message: "refused", data };
      res.writeHead(503, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
    });
    for (let count = 0; count < 12; count++) expect(answered(await bed.call())).toMatch(/^r[12]$/);
    // As many as would have ejected it.
    expect(bed.counts()[0]).toBeGreaterThanOrEqual(3);
    expect([bed.ejections(), new Set(bed.retries)]).toEqual([0, new Set(["kept"])]);
  });

  it("is not ejected where it is the only one", async () => {
    const bed = await setUp(all(1, {}));
    dieAtCalls(bed.replicas[0]!);
    for (let count = 0; count < 5; count++) await bed.call();
    expect(bed.counts()).toEqual([5]);
  });
});

describe("F-109 a replica that is slow under a call", () => {
  const wishes: RoutingWishes = { retry: "ReadOnly", strategy: "RoundRobin", hedge: 10 };
  const reads = hinted({ readOnlyHint: true });

  /** Answers nothing, and tells how many calls were given up. */
  function holdCalls(data: FakeData): { readonly arrived: () => number; readonly cancelled: () => number } {
    let [arrived, cancelled] = [0, 0];
    data.answer(({ res }) => {
      arrived++;
      res.on("close", () => cancelled++);
    });
    return { arrived: () => arrived, cancelled: () => cancelled };
  }

  it("is helped by a second one where its owner asks for it: the first answer counts, and the other call is cancelled", async () => {
    const bed = await setUp(all(2, wishes));
    const held = holdCalls(bed.replicas[0]!);
    const progress: unknown[] = [];
    const voice = { capabilities: {}, onProgress: (params: unknown) => void progress.push(params) };
    expect(answered(await bed.call({ ...reads, voice }))).toBe("r1");
    await waitFor("the slow call's end", () => held.cancelled() === 1);
    expect(bed.counts()).toEqual([1, 1]);
    expect(bed.retries).toEqual(["slow"]);
    // Two that tell how far they are would tell one caller of steps backwards.
    const [first, second] = bed.replicas.map(({ received }) => received.find(({ method }) => method === "tools/call"));
    expect([first, second].map((call) => (call?.params["_meta"] as object | undefined) ?? {})).toMatchObject([
      { progressToken: expect.anything() as unknown },
      expect.not.objectContaining({ progressToken: expect.anything() as unknown }) as unknown,
    ]);
    expect([first, second].map((call) => call?.headers["outrigger-request-id"])).toEqual(["r", "r"]);
  });

  it("is waited for where the second one is lost, and the other way round", async () => {
    const bed = await setUp(all(2, wishes));
    const held: (() => void)[] = [];
    bed.replicas[0]?.answer(({ id, res }) => void held.push(() => sendResult(res, id, textResult("slow"))));
    const lost = Promise.withResolvers<undefined>();
    bed.replicas[1]?.answer(({ res }) => {
      res.socket?.destroy();
      lost.resolve(undefined);
    });
    const calling = bed.call(reads);
    await lost.promise;
    held[0]?.();
    expect(answered(await calling)).toBe("slow");
  });

  it.each([
    ["hedging is off", { ...wishes, hedge: 0 }, reads],
    ["its owner does not vouch for repeating", { ...wishes, retry: "Unsent" }, reads],
    ["the tool does not say that it only reads", wishes, hinted({})],
    ["its caller is to be at one replica", { ...wishes, affinity: "Caller" }, reads],
    ["its caller could be asked by both", wishes, { ...reads, voice: { capabilities: { elicitation: {} } } }],
  ] as const)("is called alone where %s", async (_why, routing, call) => {
    const bed = await setUp(all(2, routing));
    const held = holdCalls(bed.replicas[0]!);
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal]);
    const calling = bed.call({ ...call, signal }).catch(() => "given up");
    await waitFor("the call", () => held.arrived() === 1);
    // Another call takes as long as the second replica would have had to wait, and more.
    const other = await setUp(all(2, wishes));
    holdCalls(other.replicas[0]!);
    await other.call(reads);
    expect(bed.counts()).toEqual([1, 0]);
    gone.abort();
    expect(await calling).toBe("given up");
  });

  it("gets no help at servers that keep sessions, nor from a replica that is not well", async () => {
    const legacy = await setUp(all(2, wishes), "legacy");
    const held = holdCalls(legacy.replicas[0]!);
    const gone = new AbortController();
    const calling = legacy.call({ ...reads, signal: gone.signal }).catch(() => "given up");
    await waitFor("the call", () => held.arrived() === 1);
    const other = await setUp(all(2, wishes));
    holdCalls(other.replicas[0]!);
    await other.call(reads);
    expect(legacy.counts()).toEqual([1, 0]);
    gone.abort();
    await calling;
  });

  it("gets help for one call in ten at most", async () => {
    const bed = await setUp(all(2, wishes));
    const waiting: (() => void)[] = [];
    let isHeld = true;
    for (const [at, replica] of bed.replicas.entries()) {
      replica.answer(({ id, res }) => {
        const send = (): void => sendResult(res, id, textResult(`r${at}`));
        if (isHeld) waiting.push(send);
        else send();
      });
    }
    const calls = Array.from({ length: 60 }, () => bed.call(reads));
    await waitFor("all calls, one of them twice", () => waiting.length > 60);
    isHeld = false;
    for (const send of waiting) send();
    await Promise.all(calls);
    expect(bed.retries.length).toBeGreaterThan(0);
    expect(bed.retries.length).toBeLessThanOrEqual(1 + 60 / 10);
  });
});

describe("the deadline of a call", () => {
  it("is told to each replica as what is left of it, also after a repetition", async () => {
    const bed = await setUp(all(3, { retry: "ReadOnly", strategy: "RoundRobin" }));
    for (const replica of bed.replicas.slice(0, 2)) {
      replica.answer(({ res }) => {
        bed.pass(30_000);
        res.socket?.destroy();
      });
    }
    expect(answered(await bed.call(hinted({ readOnlyHint: true })))).toBe("r2");
    const told = bed.replicas.map(({ received }) => Number(received[0]?.headers["outrigger-timeout-ms"]));
    expect(told).toEqual([120_000, 90_000, 60_000]);
  });
});

describe("F-112 a caller keeps its replica", () => {
  const claims = { groups: [], claims: {} };
  const ada: Principal = { kind: "ServiceAccount", name: "tools/ada", ...claims };

  it("in its session, which opens anew elsewhere, once, when the replica is gone", async () => {
    const bed = await setUp(all(3, { strategy: "RoundRobin" }), "legacy");
    const mine = { caller: "session-1", callerEra: "legacy" } as const;
    const home = answered(await bed.call(mine));
    for (let count = 0; count < 10; count++) {
      await bed.call();
      expect(answered(await bed.call(mine))).toBe(home);
    }
    const at = Number(home.slice(1));
    await bed.replicas[at]?.close();
    const handshakes = (): number =>
      bed.replicas.flatMap(({ received }) => received).filter(({ method }) => method === "initialize").length;
    const before = handshakes();
    // Nobody can know whether what goes into a connection that is closing arrives.
    await bed.call(mine);
    const next = answered(await bed.call(mine));
    expect(next).not.toBe(home);
    for (let count = 0; count < 5; count++) expect(answered(await bed.call(mine))).toBe(next);
    expect(handshakes()).toBe(before + 1);
  });

  it("over all its sessions with affinity Caller, whatever the strategy", async () => {
    const bed = await setUp(all(4, { affinity: "Caller", strategy: "Random" }), "legacy");
    const answers = new Set<string>();
    for (let count = 0; count < 12; count++) {
      answers.add(answered(await bed.call({ caller: `session-${count}`, callerEra: "legacy", principal: ada })));
    }
    expect(answers.size).toBe(1);
  });

  it("never with affinity None", async () => {
    const bed = await setUp(all(3, { affinity: "None", strategy: "RoundRobin" }), "legacy");
    for (let count = 0; count < 9; count++) await bed.call({ caller: "session-1", callerEra: "legacy" });
    expect(bed.counts()).toEqual([3, 3, 3]);
  });
});
