import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { words } from "@outrigger/api/words";
import { pickReplica, type Candidate, type Choice } from "./pick.ts";

const candidate = (key: string, rest: Partial<Candidate> = {}): Candidate => ({
  ...{ key, state: "Ready", isOut: false, isReady: true, inFlight: 0, lastTurn: 0, weight: 1, priority: 0 },
  ...rest,
});

const pick = (candidates: readonly Candidate[], rest: Partial<Choice> = {}): string | undefined =>
  pickReplica(candidates, { strategy: "LeastConnections", random: 0, ...rest });

const states = fc.constantFrom<Candidate["state"]>("Ready", "Degraded", "Initializing", "Dead");
const strategies = fc.constantFrom(...words.strategy);
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const some = fc.uniqueArray(
  fc.record({
    ...{ key: fc.string(), state: states, isOut: fc.boolean(), isReady: fc.boolean() },
    ...{ inFlight: fc.nat({ max: 3 }), lastTurn: fc.nat({ max: 5 }) },
    ...{ weight: fc.integer({ min: 1, max: 100 }), priority: fc.nat({ max: 3 }) },
  }),
  { selector: ({ key }) => key, minLength: 1 },
);

/** Many choices one after another, each call over before the next; how often each replica was taken. */
function spread(candidates: readonly Candidate[], strategy: Choice["strategy"], count: number): Map<string, number> {
  const turns = new Map<string, number>();
  const taken = new Map<string, number>();
  for (let turn = 1; turn <= count; turn++) {
    const now = candidates.map((each) => ({ ...each, lastTurn: turns.get(each.key) ?? 0 }));
    // A low-discrepancy sequence in place of chance: the spread is then exact up to one call or two.
    const key = pick(now, { strategy, random: (turn * 0.618_033_988_749_895) % 1 });
    if (key === undefined) throw new Error("nothing was picked");
    turns.set(key, turn);
    taken.set(key, (taken.get(key) ?? 0) + 1);
  }
  return taken;
}

it("takes a ready replica before one that is busy, unready, degraded, out of use or dead, by every strategy", () => {
  const all = [
    candidate("dead", { state: "Dead" }),
    candidate("dead and out", { state: "Dead", isOut: true }),
    candidate("out", { isOut: true }),
    candidate("starting", { state: "Initializing" }),
    candidate("degraded", { state: "Degraded" }),
    candidate("unready", { isReady: false }),
    candidate("good", { inFlight: 3 }),
  ];
  for (const strategy of words.strategy) {
    const order: string[] = [];
    for (let left = all; left.length > 0; left = left.filter(({ key }) => !order.includes(key))) {
      order.push(pick(left, { strategy }) ?? "");
    }
    expect(order, strategy).toEqual(["good", "unready", "degraded", "starting", "out", "dead", "dead and out"]);
  }
});

it("F-112 keeps a caller's session where it is, unless that replica is gone, dead or out of use", () => {
  const busy = candidate("held", { inFlight: 50, state: "Degraded" });
  expect(pick([candidate("other"), busy], { sticky: "held" })).toBe("held");
  expect(pick([candidate("other"), candidate("held", { state: "Dead" })], { sticky: "held" })).toBe("other");
  expect(pick([candidate("other"), candidate("held", { isOut: true })], { sticky: "held" })).toBe("other");
  expect(pick([candidate("other")], { sticky: "held" })).toBe("other");
});

it("picks nothing from nothing, and the same whatever the order", () => {
  expect(pick([])).toBeUndefined();
  fc.assert(
    fc.property(some, strategies, randoms, (list, strategy, random) => {
      const choice = { strategy, random };
      expect(pickReplica(list, choice)).toBe(pickReplica([...list].reverse(), choice));
      expect(list.map(({ key }) => key)).toContain(pickReplica(list, choice));
    }),
  );
});

describe("F-108 calls are spread", () => {
  const five = ["a", "b", "c", "d", "e"];
  const count = 5_000;

  it.each(["RoundRobin", "Random", "LeastConnections", "Failover"] as const)(
    "evenly by %s over equal replicas",
    (strategy) => {
      const taken = spread(
        five.map((key) => candidate(key)),
        strategy,
        count,
      );
      for (const key of five) expect(Math.abs((taken.get(key) ?? 0) - count / 5), key).toBeLessThanOrEqual(5);
    },
  );

  it("by Weighted as the weights say", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const taken = spread(
          weights.map((weight, at) => candidate(`r${at}`, { weight })),
          "Weighted",
          1_000,
        );
        weights.forEach((weight, at) => {
          expect(Math.abs((taken.get(`r${at}`) ?? 0) - (1_000 * weight) / total)).toBeLessThanOrEqual(10);
        });
      }),
      { numRuns: 40 },
    );
  });

  it("by LeastConnections to the one with the fewest calls under way, and never to a busier one", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 1 }), (loads) => {
        const key = pick(loads.map((inFlight, at) => candidate(String(at), { inFlight })));
        expect(loads[Number(key)]).toBe(Math.min(...loads));
      }),
    );
  });

  it("by RoundRobin to each in turn, also while replicas come and go", () => {
    const replicas = five.map((key, at) => candidate(key, { lastTurn: at + 1 }));
    expect(pick(replicas, { strategy: "RoundRobin" })).toBe("a");
    expect(pick([...replicas, candidate("f")], { strategy: "RoundRobin" })).toBe("f");
    expect(pick(replicas.slice(2), { strategy: "RoundRobin" })).toBe("c");
  });

  it("by Failover to the lowest priority that is well, whatever its load", () => {
    const first = candidate("first", { priority: 1, inFlight: 90 });
    const second = candidate("second", { priority: 2 });
    expect(pick([second, first], { strategy: "Failover" })).toBe("first");
    expect(pick([second, { ...first, isOut: true }], { strategy: "Failover" })).toBe("second");
    expect(pick([second, { ...first, state: "Dead" }], { strategy: "Failover" })).toBe("second");
  });
});

describe("F-112 a caller with affinity", () => {
  it("gets one replica whatever the strategy, the load and the chance, and another one only while that is not well", () => {
    fc.assert(
      fc.property(fc.string(), some, strategies, randoms, (affine, list, strategy, random) => {
        const well = list.map((each) => ({ ...each, state: "Ready" as const, isOut: false, isReady: true }));
        const key = pick(well, { affine, strategy, random });
        const later = well.map((each) => ({ ...each, inFlight: 7 - each.inFlight, lastTurn: 0 }));
        expect(pick(later, { affine, strategy: "RoundRobin", random: 0 })).toBe(key);
        const others = well.filter((each) => each.key !== key);
        // Those that come or go elsewhere move nobody.
        if (others.length > 0)
          expect(
            pick(
              well.slice().filter((each) => each !== others[0]),
              { affine },
            ),
          ).toBe(key);
      }),
    );
  });

  it("is one of many that are spread", () => {
    const replicas = ["a", "b", "c", "d"].map((key) => candidate(key));
    const taken = Array.from({ length: 4_000 }, (_none, at) => pick(replicas, { affine: `ServiceAccount:x/s${at}` }));
    for (const { key } of replicas) {
      const share = taken.filter((each) => each === key).length;
      expect(share).toBeGreaterThan(850);
      expect(share).toBeLessThan(1_150);
    }
  });
});
