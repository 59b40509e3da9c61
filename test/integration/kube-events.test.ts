import {
  createEventRecorder,
  createObjects,
  openClusterAccess,
  resources,
  type EventFacts,
  type EventRecorder,
  type EventRecorderOptions,
} from "@outrigger/kube";
import { afterEach, expect, it } from "vitest";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Rig {
  readonly kube: FakeKube;
  readonly recorder: EventRecorder;
  readonly clock: { nowMs: number };
  readonly failures: string[];
  readonly dropped: () => number;
  readonly written: () => readonly Record<string, unknown>[];
}

async function start(options: Partial<EventRecorderOptions> = {}): Promise<Rig> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  const access = await openClusterAccess({ mode: "url", baseUrl: kube.url });
  ends.push(() => access.close());
  const clock = { nowMs: Date.parse("2026-11-21T10:00:00Z") };
  const failures: string[] = [];
  let dropped = 0;
  const recorder = createEventRecorder({
    objects: createObjects(access, { attempts: 1 }),
    controller: "outrigger.dev/operator",
    instance: "operator-1",
    nowMs: () => clock.nowMs,
    onFailure: (failure) => failures.push(failure.kind),
    onDropped: () => dropped++,
    ...options,
  });
  const written = (): readonly Record<string, unknown>[] => kube.store.of(resources.events).list();
  return { kube, recorder, clock, failures, dropped: () => dropped, written };
}

const facts = (name: string, reason = "Injected"): EventFacts => ({
  regarding: { apiVersion: "apps/v1", kind: "ReplicaSet", namespace: "tools", name, uid: `uid-${name}` },
  type: "Normal",
  reason,
  action: "Inject",
  note: "The sidecar was added.",
});

it("writes one event per thing that happened, in the namespace of what it is about", async () => {
  const { recorder, written } = await start();
  recorder.record(facts("a"));
  recorder.record(facts("a", "Skipped"));
  recorder.record(facts("b"));
  await recorder.close();
  expect(written()).toHaveLength(3);
  expect(written()[0]).toMatchObject({
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace: "tools" },
    eventTime: "2026-11-21T10:00:00.000000Z",
    reportingController: "outrigger.dev/operator",
    reportingInstance: "operator-1",
    type: "Normal",
    action: "Inject",
    regarding: { kind: "ReplicaSet", name: "a" },
  });
});

it("turns repeats into a series, writes it once a minute at most, and its last count at the end", async () => {
  const { kube, recorder, clock, written } = await start();
  recorder.record(facts("a"));
  await waitFor("the event", () => written().length === 1);
  for (let count = 0; count < 50; count++) recorder.record(facts("a"));
  clock.nowMs += 61_000;
  recorder.record(facts("a"));
  await waitFor("the series", () => written()[0]?.["series"] !== undefined);
  expect(written()[0]).toMatchObject({ series: { count: 52, lastObservedTime: "2026-11-21T10:01:01.000000Z" } });
  recorder.record(facts("a"));
  await recorder.close();
  expect(written()).toMatchObject([{ series: { count: 53 } }]);
  expect(kube.seen).toHaveLength(3);
});

it("starts anew when a series is over, and when its event was cleared away", async () => {
  const { kube, recorder, clock, written } = await start();
  recorder.record(facts("a"));
  await waitFor("the event", () => written().length === 1);
  clock.nowMs += 7 * 60_000;
  recorder.record(facts("a"));
  await waitFor("another event", () => written().length === 2);
  const { metadata } = kube.store.of(resources.events).list()[1]!;
  kube.store.of(resources.events).remove("tools", metadata.name);
  recorder.record(facts("a"));
  await recorder.close();
  expect(written()).toHaveLength(2);
  expect(written()[1]).toMatchObject({ series: { count: 2 } });
});

it("drops what exceeds its bounds, counts it, and goes on after failures", async () => {
  const { kube, recorder, failures, dropped, written } = await start({ queueLimit: 2 });
  kube.fail({ on: "create", status: 403 });
  for (const name of ["a", "b", "c", "d", "e"]) recorder.record(facts(name));
  await recorder.close();
  recorder.record(facts("late"));
  expect(failures).toEqual(["forbidden"]);
  expect(written().length + failures.length + dropped()).toBe(6);
  expect(dropped()).toBeGreaterThanOrEqual(3);
});

it("keeps notes and names within what the API server takes", async () => {
  const { recorder, written } = await start();
  recorder.record({ ...facts("x".repeat(253)), note: "n€".repeat(2_000) });
  await recorder.close();
  const [event] = written();
  const note = event?.["note"] as string;
  expect([Buffer.byteLength(note), note.endsWith("€")]).toEqual([1_024, true]);
  expect((event?.["metadata"] as { name: string }).name.length).toBeLessThanOrEqual(253);
});
