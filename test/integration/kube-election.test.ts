import { createElection, createObjects, openClusterAccess, resources, type Election } from "@outrigger/kube";
import { afterEach, expect, it } from "vitest";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const times = { leaseMs: 1_000, renewMs: 600, retryMs: 50 };

interface Participant {
  readonly election: Election;
  /** `+` elected, `-` deposed, in order. */
  readonly turns: string[];
  readonly failures: string[];
}

async function join(kube: FakeKube, identity: string, leaseMs = times.leaseMs): Promise<Participant> {
  const access = await openClusterAccess({ mode: "url", baseUrl: kube.url });
  const turns: string[] = [];
  const failures: string[] = [];
  const election = createElection({
    objects: createObjects(access, { attempts: 1, attemptMs: 200 }),
    namespace: "outrigger-system",
    name: "operator",
    identity,
    times: { ...times, leaseMs },
    nowMs: () => Date.now(),
    elapsedMs: () => performance.now(),
    random: () => 0.5,
    onElected: () => turns.push("+"),
    onDeposed: () => turns.push("-"),
    onFailure: (failure) => failures.push(failure.kind),
  });
  ends.push(async () => {
    await election.stop();
    await access.close();
  });
  election.start();
  return { election, turns, failures };
}

async function startKube(): Promise<FakeKube> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  return kube;
}

const leaseOf = (kube: FakeKube): Record<string, unknown> =>
  (kube.store.of(resources.leases).get("outrigger-system", "operator")?.["spec"] ?? {}) as Record<string, unknown>;

it("elects one of several, and another at once when the first gives the lease back", async () => {
  const kube = await startKube();
  const [a, b, c] = await Promise.all(["a", "b", "c"].map((identity) => join(kube, identity, 30_000)));
  const all = [a!, b!, c!];
  const leaders = (): Participant[] => all.filter(({ election }) => election.isLeader());
  const [first] = await waitFor("a leader", () => (leaders().length === 1 ? leaders() : undefined));
  const renewed = leaseOf(kube)["renewTime"];
  await waitFor("renewals", () => leaseOf(kube)["renewTime"] !== renewed);
  expect(leaders()).toEqual([first]);

  await first!.election.stop();
  // A wait is shorter than the lease: this one was given back.
  const [second] = await waitFor("the next leader", () => (leaders().length === 1 ? leaders() : undefined));
  expect(second).not.toBe(first);
  expect(first!.turns).toEqual(["+", "-"]);
  expect(leaseOf(kube)["leaseTransitions"]).toBe(1);
});

it("stops acting before another may start when it can't renew, and says why", async () => {
  const kube = await startKube();
  const a = await join(kube, "a");
  await waitFor("a leader", () => a.election.isLeader());
  const heal = kube.failWhile((request) => (request.path.includes("/leases") ? { status: "hang" } : undefined));
  await waitFor("its end", () => !a.election.isLeader());
  await waitFor("the word of it", () => a.turns.join("") === "+-");
  expect(a.failures).toContain("unreachable");
  heal();
  const b = await join(kube, "b");
  await waitFor("some leader", () => a.election.isLeader() !== b.election.isLeader());
});

it("waits until a dead holder's lease was seen unchanged for its whole time, whatever its clock said", async () => {
  const kube = await startKube();
  const spec = { holderIdentity: "dead", leaseDurationSeconds: 1, renewTime: "2001-01-01T00:00:00.000000Z" };
  kube.store.of(resources.leases).set({ metadata: { name: "operator", namespace: "outrigger-system" }, spec });
  const startedMs = performance.now();
  const a = await join(kube, "a");
  await waitFor("the other to be known", () => a.election.holder() === "dead");
  expect(a.election.isLeader()).toBe(false);
  await waitFor("a leader", () => a.election.isLeader());
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1_000);
});

it("steps down when somebody else took the lease, and goes on when its object was removed", async () => {
  const kube = await startKube();
  const a = await join(kube, "a");
  await waitFor("a leader", () => a.election.isLeader());
  kube.store.of(resources.leases).remove("outrigger-system", "operator");
  await waitFor("a new object", () => leaseOf(kube)["holderIdentity"] === "a");
  expect(a.turns).toEqual(["+"]);
  const metadata = { name: "operator", namespace: "outrigger-system" };
  kube.store.of(resources.leases).set({ metadata, spec: { holderIdentity: "b", leaseDurationSeconds: 60 } });
  await waitFor("its end", () => a.turns.join("") === "+-");
});

it("survives conflicts and refusals on the way", async () => {
  const kube = await startKube();
  kube.fail({ on: "get", status: 500 });
  kube.fail({ on: "create", status: 409, body: '{"reason":"AlreadyExists"}' });
  const a = await join(kube, "a");
  await waitFor("a leader", () => a.election.isLeader());
  kube.fail({ on: "patch", status: 409, body: '{"reason":"Conflict"}' });
  kube.fail({ on: "patch", status: 429 });
  const renewed = leaseOf(kube)["renewTime"];
  await waitFor("a renewal", () => leaseOf(kube)["renewTime"] !== renewed);
  expect(a.turns).toEqual(["+"]);
  expect(a.failures).toEqual(["refused", "refused"]);
});
