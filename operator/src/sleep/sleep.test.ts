import type { Activity } from "@outrigger/api/feed";
import type { EventFacts, Objects } from "@outrigger/kube";
import { createLogger } from "@outrigger/runtime/logger";
import { createMetrics } from "@outrigger/runtime/metrics";
import { expect, it } from "vitest";
import type { ClusterView } from "../cluster/view.ts";
import type { WorkloadFacts } from "../cluster/workload.ts";
import { createOperatorMetrics } from "../metrics.ts";
import { makePodOf, makeWorkload } from "../testing/workload.ts";
import { createSleepRun } from "./sleep.ts";

interface Rig {
  readonly run: ReturnType<typeof createSleepRun>;
  readonly pass: (ms: number) => void;
  /** How often a pod was asked so far. */
  readonly asked: () => number;
  readonly events: readonly EventFacts[];
  readonly metrics: () => Promise<string>;
  activity: Activity | undefined;
  workloads: readonly WorkloadFacts[];
}

/** A duty over one workload with one pod, whose sidecar says `activity`, or nothing. */
function makeRig(): Rig {
  const events: EventFacts[] = [];
  const registry = createMetrics({ component: "operator", version: "test" });
  let elapsedMs = 1_000_000;
  let asked = 0;
  const rig: { activity: Activity | undefined; workloads: readonly WorkloadFacts[] } = {
    activity: { inFlight: 0, idleMs: 10_000 },
    workloads: [makeWorkload({ replicas: 1 })],
  };
  const nothing: readonly never[] = [];
  const view: ClusterView = {
    workloads: () => rig.workloads,
    pods: () => [makePodOf(makeWorkload(), "1")],
    asleep: () => nothing,
    namespaces: () => nothing,
    missed: () => nothing,
    policies: () => nothing,
    bundles: () => nothing,
    refusals: () => nothing,
    publishedKeys: () => undefined,
    registrations: () => [],
    isSynced: () => true,
  };
  const unused = (): Promise<never> => Promise.reject(new Error("nothing is written"));
  const objects: Objects = {
    get: unused,
    create: unused,
    jsonPatch: unused,
    mergePatch: unused,
    apply: unused,
    remove: unused,
  };
  const run = createSleepRun({
    ...{ view, objects, namespace: "outrigger-system", metrics: createOperatorMetrics(registry) },
    logger: createLogger({ component: "operator", version: "test", level: "error" }),
    recorder: { record: (facts) => void events.push(facts), close: () => Promise.resolve() },
    sidecars: {
      readActivity: () => {
        asked++;
        const { activity } = rig;
        return Promise.resolve(
          activity === undefined ? { ok: false, problem: "no answer" } : { ok: true, value: activity },
        );
      },
      readContent: () => Promise.resolve({ ok: false, problem: "not listed yet" }),
    },
    elapsedMs: () => elapsedMs,
    nowMs: () => 0,
  });
  return Object.assign(rig, {
    run,
    pass: (ms: number) => void (elapsedMs += ms),
    asked: () => asked,
    events,
    metrics: () => registry.expose(),
  });
}

const { signal } = new AbortController();

it("asks a pod once in the time that it may be idle, however often something changes", async () => {
  const { run, pass, asked } = makeRig();
  expect(await run(signal)).toEqual({ problems: [], nextMs: 50_000 });
  await run(signal);
  pass(49_999);
  expect(await run(signal)).toMatchObject({ nextMs: 1_000 });
  expect(asked()).toBe(1);
  pass(1);
  await run(signal);
  expect(asked()).toBe(2);
});

it("takes a call under way for use until now", async () => {
  const rig = makeRig();
  rig.activity = { inFlight: 2, idleMs: 0 };
  expect(await rig.run(signal)).toEqual({ problems: [], nextMs: 60_000 });
});

it("tells an owner once what keeps a workload awake, and again when it comes back", async () => {
  const rig = makeRig();
  rig.activity = undefined;
  expect(await rig.run(signal)).toMatchObject({ nextMs: 30_000 });
  rig.pass(30_000);
  await rig.run(signal);
  expect(rig.events.map(({ reason, type }) => `${type} ${reason}`)).toEqual(["Warning ActivityUnknown"]);
  expect(rig.events[0]).toMatchObject({
    regarding: { kind: "Deployment", name: "search", namespace: "tools" },
    note: expect.stringContaining("no answer") as string,
  });
  rig.activity = { inFlight: 0, idleMs: 0 };
  rig.pass(30_000);
  await rig.run(signal);
  rig.activity = undefined;
  rig.pass(60_000);
  await rig.run(signal);
  expect(rig.events).toHaveLength(2);
  expect(await rig.metrics()).toContain('outrigger_operator_sleeps_total{result="activity_unknown"} 2');
});

it("leaves a server awake whose list is not known, and tries again later", async () => {
  const rig = makeRig();
  rig.activity = { inFlight: 0, idleMs: 60_000 };
  expect(await rig.run(signal)).toEqual({ problems: [], nextMs: 30_000 });
  expect(rig.events.map(({ reason }) => reason)).toEqual(["CatalogueUnknown"]);
});

it("tells of a wrong annotation without asking anybody, and forgets a workload that is gone", async () => {
  const rig = makeRig();
  const wrong = makeWorkload({ replicas: 1, idleTtl: { ok: false, text: "soon", expected: "a duration" } });
  rig.workloads = [wrong];
  expect(await rig.run(signal)).toEqual({ problems: [] });
  await rig.run(signal);
  expect(rig.events.map(({ reason }) => reason)).toEqual(["InvalidAnnotation"]);
  rig.workloads = [];
  await rig.run(signal);
  rig.workloads = [wrong];
  await rig.run(signal);
  expect(rig.events).toHaveLength(2);
  expect(rig.asked()).toBe(0);
});

it("says nothing of what the end of its term cut short", async () => {
  const rig = makeRig();
  rig.activity = undefined;
  expect(await rig.run(AbortSignal.abort())).toMatchObject({ problems: [] });
  expect(rig.events).toEqual([]);
});
