import fc from "fast-check";
import { expect, it } from "vitest";
import { createView, hearState, type SidecarView } from "../catalog/view.ts";
import type { DiscoveredSidecar } from "../discovery/source.ts";
import type { AskOutcome, SleepFacts } from "./judge.ts";
import { createWaker, type ServerName, type Wait, type WakeMetrics, type Waker } from "./waker.ts";

const timeoutMs = 60_000;
const usualMost = 2;

/** One request to the operator that is under way. */
interface Ask {
  readonly server: string;
  readonly signal: AbortSignal;
  readonly answer: (outcome: AskOutcome) => void;
}

/** One call and how its waiting ended; `through`: it did not have to wait. */
interface Call {
  readonly server: string;
  readonly comesMs: number;
  readonly endsAtMs: number;
  readonly gone: AbortController;
  waits: number;
  end: Wait["kind"] | "left" | "through" | undefined;
  detail?: string | undefined;
  endedMs?: number;
}

/** A waker in a world of which the test says what happens. */
interface World {
  readonly waker: Waker;
  readonly asks: Ask[];
  readonly calls: Call[];
  readonly facts: Map<string, SleepFacts>;
  readonly told: string[];
  readonly come: (server: string, leftMs?: number) => Call;
  /** Answers what is asked of the operator. */
  readonly answer: (outcome: AskOutcome) => Promise<void>;
  readonly pass: (ms: number) => Promise<void>;
  readonly show: (server: string, facts: Partial<SleepFacts>) => Promise<void>;
  readonly timers: () => number;
}

const asleep: SleepFacts = { isAsleep: true, replicas: [], obstacle: () => "Pod x has no address yet." };

/** Lets what was promised happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function createWorld(mostWaiting = usualMost): World {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const asks: Ask[] = [];
  const calls: Call[] = [];
  const told: string[] = [];
  const facts = new Map<string, SleepFacts>();
  const metrics: WakeMetrics = {
    countWait: (result) => void told.push(`wait ${result}`),
    observeWake: (result, seconds) => void told.push(`wake ${result} ${seconds}`),
  };
  const waker = createWaker({
    bounds: { mostWaiting, timeoutMs },
    ask: ({ server }, signal) =>
      new Promise((answer) => {
        const each = { server, signal, answer };
        asks.push(each);
        signal.addEventListener("abort", () => asks.splice(asks.indexOf(each), 1), { once: true });
      }),
    factsOf: ({ server }: ServerName) => facts.get(server) ?? asleep,
    metrics,
    nowMs: () => nowMs,
    random: () => 1,
    schedule: (run, ms) => {
      const timer = { atMs: nowMs + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  });
  return {
    waker,
    asks,
    calls,
    facts,
    told,
    come: (server, leftMs = 120_000) => {
      const gone = new AbortController();
      const call: Call = { server, comesMs: nowMs, endsAtMs: nowMs + leftMs, gone, waits: 0, end: undefined };
      calls.push(call);
      const finish = (end: NonNullable<Call["end"]>): void => {
        expect(call.end, "a call ends once").toBeUndefined();
        call.end = end;
        call.endedMs = nowMs;
      };
      const onWait = (): void => {
        call.waits++;
      };
      const bounds = { signal: gone.signal, endsAtMs: call.endsAtMs, onWait };
      waker.wake({ namespace: "tools", server }, bounds).then(
        (wait) => {
          finish(wait?.kind ?? "through");
          if (wait !== undefined && "detail" in wait) call.detail = wait.detail;
        },
        () => finish("left"),
      );
      return call;
    },
    answer: async (outcome) => {
      for (const { answer } of asks.splice(0)) answer(outcome);
      await settle();
    },
    pass: async (ms) => {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        nowMs = Math.max(nowMs, next.atMs);
        timers.delete(next);
        next.run();
        await settle();
      }
      nowMs = endMs;
    },
    show: async (server, changed) => {
      facts.set(server, { ...(facts.get(server) ?? asleep), ...changed });
      waker.look();
      await settle();
    },
    timers: () => timers.size,
  };
}

function readyView(): SidecarView {
  const sidecar: DiscoveredSidecar = {
    ...{ key: "pod:1", namespace: "tools", server: "a", group: "default", labels: {}, createdAt: "", headers: {} },
    ...{ dataUrl: "http://10.0.0.1/mcp", controlUrl: "http://10.0.0.1", isReady: true },
    origin: "Injected",
  };
  const health = { state: "Ready", reason: "Serving", message: "", sinceMs: 0 } as const;
  const enforces = { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 };
  const policy = { hash: "", reason: "PolicyApplied", message: "", enforces } as const;
  const catalogue = { reason: "CatalogueListed", message: "", atMs: 0 } as const;
  const feed = { format: 1, server: "a", health, identity: {}, era: "legacy", catalogue, policy } as const;
  return hearState(createView(sidecar, 0), feed, 0);
}

const asked = { kind: "asked" } as const;

it("wakes a server once for all the calls that wait, and lets them go on when a replica can be called", async () => {
  const world = createWorld();
  const calls = [world.come("a"), world.come("a")];
  expect([world.asks.length, world.waker.waiting()]).toEqual([1, 2]);
  await world.answer(asked);
  await world.pass(3_000);
  expect(calls.map(({ end }) => end)).toEqual([undefined, undefined]);
  await world.show("a", { replicas: [createView(readyView().sidecar, 0)] });
  expect(calls.map(({ end }) => end)).toEqual([undefined, undefined]);
  await world.show("a", { replicas: [readyView()] });
  expect(calls.map(({ end, waits }) => [end, waits])).toEqual(Array(2).fill(["awake", 1]));
  expect([world.waker.waiting(), world.timers()]).toEqual([0, 0]);
  expect(world.told).toEqual(["wake awake 3", "wait awake", "wait awake"]);
});

it("holds nobody whose server is awake, also while what was kept of it is still there", async () => {
  const world = createWorld();
  world.facts.set("a", { ...asleep, replicas: [readyView()] });
  world.facts.set("b", { ...asleep, isAsleep: false });
  const calls = [world.come("a"), world.come("b")];
  await settle();
  expect(calls.map(({ end, waits }) => [end, waits])).toEqual(Array(2).fill(["through", 0]));
  expect([world.asks.length, world.told.length]).toEqual([0, 0]);
});

it("turns away what is more than may wait for one server, and takes nothing from another", async () => {
  const world = createWorld();
  const calls = ["a", "a", "a", "b"].map((server) => world.come(server));
  await settle();
  expect(calls.map(({ end }) => end)).toEqual([undefined, undefined, "full", undefined]);
  expect(world.asks.map(({ server }) => server)).toEqual(["a", "b"]);
});

it("has a server woken also where none may wait for it, and asks once at a time", async () => {
  const world = createWorld(0);
  const calls = [world.come("a"), world.come("a")];
  await settle();
  expect(calls.map(({ end, waits }) => [end, waits])).toEqual(Array(2).fill(["full", 0]));
  expect(world.asks).toHaveLength(1);
  await world.answer(asked);
  world.come("a");
  await settle();
  expect([world.asks.length, world.timers(), world.waker.waiting()]).toEqual([1, 0, 0]);
});

it("asks again after a failure, and now and then while calls wait, but not for a call that has gone", async () => {
  const world = createWorld();
  const call = world.come("a");
  for (let count = 0; count < 4; count++) {
    expect(world.asks).toHaveLength(1);
    await world.answer({ kind: "failed", message: "The operator can't be asked (ECONNREFUSED)." });
    expect(world.asks).toHaveLength(0);
    await world.pass(5_000);
  }
  await world.answer(asked);
  await world.pass(4_999);
  expect(world.asks).toHaveLength(0);
  await world.pass(1);
  const [ask] = world.asks;
  expect(ask?.signal.aborted).toBe(false);
  call.gone.abort();
  await settle();
  expect([call.end, ask?.signal.aborted, world.waker.waiting(), world.timers()]).toEqual(["left", true, 0, 0]);
  expect(world.told).toEqual(["wait left", "wake left 25"]);
});

it("says after the time of a call what keeps its server, and before that where nobody will wake it", async () => {
  const world = createWorld();
  const waited = world.come("a");
  const refused = world.come("b");
  const [toA, toB] = world.asks;
  toA?.answer(asked);
  toB?.answer({ kind: "refused", message: "The operator says WakerNotAllowed." });
  await settle();
  expect([refused.end, refused.detail]).toEqual(["refused", "The operator says WakerNotAllowed."]);
  const hasty = world.come("a", 10_000);
  await world.pass(10_000);
  expect([hasty.end, waited.end]).toEqual(["late", undefined]);
  await world.pass(50_000);
  expect([waited.end, waited.detail]).toEqual(["late", "Pod x has no address yet."]);

  const unasked = world.come("a");
  await world.answer({ kind: "failed", message: "The operator can't be asked (ECONNREFUSED)." });
  await world.pass(timeoutMs);
  expect([unasked.end, unasked.detail]).toEqual(["late", "The operator can't be asked (ECONNREFUSED)."]);
});

it("does not wait for a server that is gone, nor after the end of the program", async () => {
  const world = createWorld();
  const calls = [world.come("a"), world.come("b")];
  await world.show("a", { isAsleep: false });
  expect(calls.map(({ end }) => end)).toEqual(["gone", undefined]);
  world.waker.stop();
  await settle();
  expect([calls[1]?.end, world.timers()]).toEqual(["gone", 0]);
});

const server = fc.constantFrom("a", "b");
const outcome = fc.constantFrom<AskOutcome>(asked, { kind: "failed", message: "" }, { kind: "refused", message: "no" });
type Step = (world: World) => unknown;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(server, fc.nat(90_000)).map(
      ([name, left]): Step =>
        (world) =>
          world.come(name, left),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(20).map(
      (at): Step =>
        (world) =>
          world.calls[at]?.gone.abort(),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(40_000).map(
      (ms): Step =>
        (world) =>
          world.pass(ms),
    ),
  },
  {
    weight: 2,
    arbitrary: outcome.map(
      (each): Step =>
        (world) =>
          world.answer(each),
    ),
  },
  {
    weight: 1,
    arbitrary: server.map(
      (name): Step =>
        (world) =>
          world.show(name, { replicas: [readyView()] }),
    ),
  },
  {
    weight: 1,
    arbitrary: server.map(
      (name): Step =>
        (world) =>
          world.show(name, { replicas: [], isAsleep: true }),
    ),
  },
  {
    weight: 1,
    arbitrary: server.map(
      (name): Step =>
        (world) =>
          world.show(name, { replicas: [], isAsleep: false }),
    ),
  },
);

it("ends every call once and in its time, holds no more than the bound, and asks for nobody who does not wait", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const world = createWorld();
      for (const take of steps) {
        await take(world);
        await settle();
        const held = world.calls.filter(({ end }) => end === undefined);
        expect(world.waker.waiting()).toBe(held.length);
        for (const name of ["a", "b"]) {
          const waiting = held.filter((call) => call.server === name).length;
          const asks = world.asks.filter((ask) => ask.server === name).length;
          expect(waiting).toBeLessThanOrEqual(usualMost);
          expect(asks).toBeLessThanOrEqual(waiting === 0 ? 0 : 1);
        }
      }
      await world.pass(timeoutMs);
      for (const { end, comesMs, endsAtMs, endedMs = Infinity, waits } of world.calls) {
        expect(end).toBeDefined();
        expect(endedMs).toBeLessThanOrEqual(Math.min(comesMs + timeoutMs, endsAtMs));
        expect(waits).toBe(end === "through" || end === "full" || (end === "left" && waits === 0) ? 0 : 1);
      }
      expect([world.waker.waiting(), world.asks.length, world.timers()]).toEqual([0, 0, 0]);
    }),
  );
});
