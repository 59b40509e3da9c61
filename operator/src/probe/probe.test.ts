import { expect, it } from "vitest";
import { makePod } from "../testing/pod.ts";
import { createTimetable, describePolicies } from "./observe.ts";
import { judgeProbe, planProbe, type Dialled, type ProbePlan } from "./reconcile.ts";
import { countResults } from "./report.ts";

const from = "namespace outrigger-system";
const all = (list: readonly unknown[], answer: Dialled): Dialled[] => list.map(() => answer);

/** Judges a pod where every kind of target gives the same answer. */
function judge(pod = makePod("a"), given: Partial<Record<keyof ProbePlan, Dialled>> = {}) {
  const plan = planProbe(pod);
  const answers = {
    control: all(plan.control, given.control ?? "accepted"),
    ways: all(plan.ways, given.ways ?? "closed"),
    shared: all(plan.shared, given.shared ?? "closed"),
  };
  return judgeProbe(pod, { plan, answers, from });
}

it("dials the sidecar on every address, and every port that leads to the server", () => {
  const pod = makePod("a", { addresses: ["10.0.0.1", "fd00::1"], declaredPorts: [8_080, 9_000], upstreamPort: 19_083 });
  const { control, ways } = planProbe(pod);
  expect(control.map(({ host, port }) => `${host} ${port}`)).toEqual(["10.0.0.1 19082", "fd00::1 19082"]);
  expect(ways).toHaveLength(6);
  expect(planProbe(makePod("l", { dataPort: 8_080 })).ways).toEqual([]);
});

it("says which guarantee was found to hold", () => {
  expect(judge()).toMatchObject({ status: "True", reason: "PolicyEnforced" });
  expect(judge(makePod("l", { guarantee: "loopback", dataPort: 8_080 }))).toMatchObject({ reason: "LoopbackBound" });
  const stdio = makePod("s", { guarantee: "stdio", upstreamPort: undefined, declaredPorts: [] });
  expect(judge(stdio)).toMatchObject({ status: "True", reason: "NothingListens" });
});

it("names the address where the server was reached past the sidecar, whatever the guarantee says", () => {
  expect(judge(makePod("a"), { ways: "accepted" })).toEqual({
    status: "False",
    reason: "BypassReachable",
    message: `10.0.0.1:8080 can be reached from ${from}`,
  });
  const loopback = makePod("l", {
    guarantee: "loopback",
    dataPort: 8_080,
    declaredPorts: [9_000],
    addresses: ["fd00::1"],
  });
  expect(judge(loopback, { ways: "accepted" }).message).toContain("[fd00::1]:9000");
});

it("learns nothing from closed ports where the sidecar itself does not answer", () => {
  expect(judge(makePod("a"), { control: "closed" })).toMatchObject({ status: "Unknown", reason: "ProbeInconclusive" });
});

it("finds the app on the shared port while the sidecar is away", () => {
  const pod = makePod("l", { guarantee: "loopback", dataPort: 8_080 });
  expect(judge(pod, { control: "closed", shared: "accepted" })).toMatchObject({
    status: "False",
    reason: "BypassReachable",
  });
  expect(judge(pod, { control: "accepted", shared: "accepted" })).toMatchObject({ status: "True" });
});

const times = { intervalMs: 600_000, retryMs: 30_000, firstMs: 60_000 };

function makeTable() {
  const clock = { nowMs: 0, random: 0.5 };
  const table = createTimetable(times, { nowMs: () => clock.nowMs, random: () => clock.random });
  const take = (...pods: ReturnType<typeof makePod>[]): string[] => table.take(pods, new Map()).map(({ name }) => name);
  return { clock, table, take };
}

it("probes when a pod is ready, soon again, and then from time to time", () => {
  const { clock, table, take } = makeTable();
  expect(take(makePod("a", { isReady: false }))).toEqual([]);
  expect(take(makePod("a"))).toEqual(["a"]);
  table.done(makePod("a"), "True");
  expect(table.nextMs()).toBe(30_000);
  expect(take(makePod("a"))).toEqual([]);
  clock.nowMs = 30_000;
  expect(take(makePod("a"))).toEqual(["a"]);
  table.done(makePod("a"), "True");
  expect(table.nextMs()).toBe(600_000);
  clock.random = 0;
  table.done(makePod("a"), "True");
  expect(table.nextMs()).toBe(540_000);
});

it("probes at once when something about the pod or a network policy changed", () => {
  const { table, take } = makeTable();
  take(makePod("a"));
  table.done(makePod("a"), "True");
  expect(take(makePod("a", { addresses: ["10.0.0.2"] }))).toEqual(["a"]);
  table.done(makePod("a"), "True");
  const policies = describePolicies([
    { namespace: "tools", name: "n", uid: "", isOurs: false, spec: "{}", podSelector: {}, ingress: [] },
  ]);
  const pod = makePod("a", { addresses: ["10.0.0.2"] });
  expect(table.take([pod], policies).map(({ name }) => name)).toEqual(["a"]);
});

it("tries again soon what was open or told nothing", () => {
  const { clock, table, take } = makeTable();
  take(makePod("a"));
  for (const result of ["False", "Unknown", "False"] as const) {
    table.done(makePod("a"), result);
    expect(table.nextMs()).toBe(30_000);
    clock.nowMs += 30_000;
    expect(take(makePod("a"))).toEqual(["a"]);
  }
});

it("spreads pods that have a result already when a leader begins", () => {
  const { clock, table, take } = makeTable();
  const enforced = { status: "True", reason: "PolicyEnforced", message: "" } as const;
  expect(take(makePod("a", { enforced }), makePod("b"))).toEqual(["b"]);
  clock.nowMs = 30_000;
  expect(take(makePod("a", { enforced }), makePod("b"))).toContain("a");
  expect(take()).toEqual([]);
  expect(table.nextMs()).toBeUndefined();
});

it("counts pods by what is known of them", () => {
  const enforced = { status: "True", reason: "PolicyEnforced", message: "" } as const;
  const result = { status: "False", reason: "BypassReachable", message: "" } as const;
  const pods = [makePod("a"), makePod("b", { enforced }), makePod("c", { enforced })];
  const counts = [...countResults(pods, new Map([["uid-c", result]]), 2).values()];
  expect(counts).toEqual([
    { status: "Unknown", reason: "NotProbed", pods: 1 },
    { status: "True", reason: "PolicyEnforced", pods: 1 },
    { status: "False", reason: "BypassReachable", pods: 1 },
    { status: "False", reason: "NotInjected", pods: 2 },
  ]);
});
