import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Activity } from "@outrigger/api/feed";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import type { WorkloadFacts } from "../cluster/workload.ts";
import { makeAsleep, makePodOf, makeWorkload } from "../testing/workload.ts";
import type { ObservedSleep } from "./observe.ts";
import { judgeAnswers, planSleep, type ActivityAnswer, type SleepMemory } from "./reconcile.ts";

const nothing: SleepMemory = { lastUseMs: new Map(), retryAtMs: new Map() };
const eight = Date.parse("2026-11-22T08:00:00Z");
const clock = { elapsedMs: 1_000_000, nowMs: eight + 1_000 };

const workload = makeWorkload();
const pods = [makePodOf(workload, "1"), makePodOf(workload, "2")];

function observe(change: {
  readonly workloads?: readonly WorkloadFacts[];
  readonly pods?: readonly InjectedPod[];
  readonly asleep?: ObservedSleep["asleep"];
}): ObservedSleep {
  const { workloads = [workload], asleep = [] } = change;
  return { workloads, asleep, pods: Map.groupBy(change.pods ?? pods, ({ namespace }) => namespace) };
}

const asked = (observed: ObservedSleep, memory = nothing): readonly string[] =>
  planSleep(observed, memory, clock).asks.map(({ workload: { name } }) => name);
const reasonOf = (observed: ObservedSleep): string | undefined =>
  planSleep(observed, nothing, clock).obstacles[0]?.reason;

describe("a workload that is awake", () => {
  it("is asked where all of its pods carry the sidecar and are ready", () => {
    expect(planSleep(observe({}), nothing, clock)).toMatchObject({ asks: [{ ttlMs: 60_000, pods }], obstacles: [] });
  });

  it.each<[string, Parameters<typeof observe>[0], string | undefined]>([
    ["has no pods: somebody scaled it to zero", { workloads: [makeWorkload({ replicas: 0 })], pods: [] }, undefined],
    ["is being rolled out", { workloads: [makeWorkload({ isSettled: false })] }, undefined],
    ["has a pod without the sidecar", { pods: pods.slice(0, 1) }, "SidecarsMissing"],
    [
      "has pods of the same namespace that are another's",
      { pods: [pods[0]!, makePodOf(makeWorkload({ name: "searcher" }), "1")] },
      "SidecarsMissing",
    ],
    [
      "has an annotation that can't be read",
      { workloads: [makeWorkload({ idleTtl: { ok: false, text: "5s", expected: "a duration" } })] },
      "InvalidAnnotation",
    ],
  ])("is left alone when it %s", (_name, change, reason) => {
    expect(asked(observe(change))).toEqual([]);
    expect(reasonOf(observe(change))).toBe(reason);
  });

  it("is not asked before its time has passed since the last use of any pod that is known", () => {
    const lastUseMs = new Map([
      [pods[0]!.uid, clock.elapsedMs - 90_000],
      [pods[1]!.uid, clock.elapsedMs - 20_000],
    ]);
    expect(planSleep(observe({}), { ...nothing, lastUseMs }, clock)).toMatchObject({
      asks: [],
      dueMs: clock.elapsedMs + 40_000,
    });
    const later = { ...clock, elapsedMs: clock.elapsedMs + 40_000 };
    expect(planSleep(observe({}), { ...nothing, lastUseMs }, later).asks).toHaveLength(1);
  });

  it("that could not sleep is tried again at its time", () => {
    const retryAtMs = new Map([[workload.uid, clock.elapsedMs + 30_000]]);
    expect(planSleep(observe({}), { ...nothing, retryAtMs }, clock)).toMatchObject({
      asks: [],
      dueMs: clock.elapsedMs + 30_000,
    });
  });

  it("is recognised by its StatefulSet's uid, not by its name", () => {
    const stateful = makeWorkload({ kind: "StatefulSet", uid: "sts" });
    const own = { kind: "StatefulSet", name: "search", uid: "sts", controller: true };
    const ofIt = pods.map((pod) => ({ ...pod, controller: own }));
    const ofAnother = pods.map((pod) => ({ ...pod, controller: { ...own, uid: "before" } }));
    expect(asked(observe({ workloads: [stateful], pods: ofIt }))).toEqual(["search"]);
    expect(asked(observe({ workloads: [stateful], pods: ofAnother }))).toEqual([]);
  });
});

describe("the answers of its pods", () => {
  const candidate = { workload, ttlMs: 60_000, pods };
  const say = (inFlight: number, idleMs: number): ActivityAnswer => ({ ok: true, value: { inFlight, idleMs } });

  it.each<[string, readonly ActivityAnswer[], string]>([
    ["all idle long enough", [say(0, 60_000), say(0, 3_600_000)], "idle"],
    ["one used a moment too late", [say(0, 59_999), say(0, 3_600_000)], "used"],
    ["a call under way", [say(1, 3_600_000), say(0, 3_600_000)], "used"],
    ["one that does not answer", [say(0, 60_000), { ok: false, problem: "404" }], "unknown"],
    ["one that was not asked", [say(0, 60_000)], "unknown"],
  ])("with %s", (_name, answers, kind) => {
    expect(judgeAnswers(candidate, answers, 5_000_000).kind).toBe(kind);
  });

  it("let it sleep only where each pod is idle for the whole time, and never ask sooner than that can be", () => {
    const activity = fc.record({ inFlight: fc.nat(2), idleMs: fc.nat(200_000) });
    fc.assert(
      fc.property(activity, activity, fc.nat(300_000), (first, second, laterMs) => {
        const all: readonly Activity[] = [first, second];
        const judged = judgeAnswers(
          candidate,
          all.map((value) => ({ ok: true, value })),
          clock.elapsedMs,
        );
        const isIdle = all.every(({ inFlight, idleMs }) => inFlight === 0 && idleMs >= 60_000);
        expect(judged.kind).toBe(isIdle ? "idle" : "used");
        // What they would say later, if nobody called meanwhile: asked no later and no sooner than all are due.
        const memory = { ...nothing, lastUseMs: judged.lastUseMs };
        const later = { ...clock, elapsedMs: clock.elapsedMs + laterMs };
        const leastMs = Math.min(...all.map(({ inFlight, idleMs }) => (inFlight > 0 ? 0 : idleMs)));
        expect(planSleep(observe({}), memory, later).asks.length).toBe(leastMs + laterMs >= 60_000 ? 1 : 0);
      }),
    );
  });
});

describe("a server that sleeps", () => {
  const asleep: ObservedSleep["asleep"] = [
    { name: "outrigger-asleep-1", uid: "cm", identity: { ok: true, value: makeAsleep() } },
  ];
  const atZero = [makeWorkload({ replicas: 0 })];
  const running = [makeWorkload()];
  const plan = (change: Parameters<typeof observe>[0], nowMs = clock.nowMs) => {
    const { awake, unwanted, asks } = planSleep(observe({ asleep, pods: [], ...change }), nothing, { ...clock, nowMs });
    return { awake: awake.length, unwanted: unwanted.length, asks: asks.length };
  };
  const still = { awake: 0, unwanted: 0, asks: 0 };
  const newPod = makePodOf(workload, "3", { createdAt: "2026-11-22T08:00:05Z" });

  it("stays so while its workload is at zero, and while it is started", () => {
    expect(plan({ workloads: atZero })).toEqual(still);
    expect(plan({ workloads: running, pods: [{ ...newPod, isReady: false }] })).toEqual(still);
  });

  it("stays so while its old pods end, or the watches are behind", () => {
    expect(plan({ workloads: running, pods })).toEqual(still);
  });

  it("is awake when a new pod is ready, whoever scaled it", () => {
    expect(plan({ workloads: running, pods: [newPod] })).toEqual({ ...still, awake: 1 });
    // The API server's clock may be somewhat behind.
    const behind = { ...newPod, createdAt: "2026-11-22T07:59:50Z" };
    expect(plan({ workloads: running, pods: [behind] })).toEqual({ ...still, awake: 1 });
  });

  it("is awake where it was never scaled: its old pods still run after minutes", () => {
    expect(plan({ workloads: running, pods }, eight + 121_000)).toEqual({ ...still, awake: 1 });
  });

  it("is awake where its workload runs without sidecars", () => {
    expect(plan({ workloads: running }, eight + 121_000)).toEqual({ ...still, awake: 1 });
  });

  it("is no longer wanted where its workload is gone, made anew, or may sleep no longer", () => {
    expect(plan({ workloads: [] })).toEqual({ ...still, unwanted: 1 });
    expect(plan({ workloads: [makeWorkload({ uid: "new", replicas: 0 })] })).toEqual({ ...still, unwanted: 1 });
  });

  it("that can't be read is told and changes nothing", () => {
    const broken: ObservedSleep["asleep"] = [
      { name: "x", uid: "cm", identity: { ok: false, problem: "data: expected" } },
    ];
    expect(planSleep(observe({ asleep: broken, workloads: atZero, pods: [] }), nothing, clock)).toMatchObject({
      ...{ broken: [{ name: "x" }], awake: [], unwanted: [], asks: [] },
    });
  });
});
