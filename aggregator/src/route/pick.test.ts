import fc from "fast-check";
import { expect, it } from "vitest";
import { pickReplica, type Candidate } from "./pick.ts";

const candidate = (key: string, rest: Partial<Candidate> = {}): Candidate => ({
  key,
  state: "Ready",
  isOut: false,
  isReady: true,
  inFlight: 0,
  ...rest,
});

it("takes a ready replica before one that is busy, unready, degraded, out of use or dead", () => {
  const all = [
    candidate("dead", { state: "Dead" }),
    candidate("dead and out", { state: "Dead", isOut: true }),
    candidate("out", { isOut: true }),
    candidate("starting", { state: "Initializing" }),
    candidate("degraded", { state: "Degraded" }),
    candidate("unready", { isReady: false }),
    candidate("busy", { inFlight: 9 }),
    candidate("good", { inFlight: 3 }),
  ];
  const order: string[] = [];
  for (let left = all; left.length > 0; left = left.filter(({ key }) => !order.includes(key))) {
    order.push(pickReplica(left) ?? "");
  }
  expect(order).toEqual(["good", "busy", "unready", "degraded", "starting", "out", "dead", "dead and out"]);
});

it("keeps a caller's session where it is, unless that replica is gone, dead or out of use", () => {
  const busy = candidate("held", { inFlight: 50, state: "Degraded" });
  expect(pickReplica([candidate("other"), busy], "held")).toBe("held");
  expect(pickReplica([candidate("other"), candidate("held", { state: "Dead" })], "held")).toBe("other");
  expect(pickReplica([candidate("other"), candidate("held", { isOut: true })], "held")).toBe("other");
  expect(pickReplica([candidate("other")], "held")).toBe("other");
});

it("picks nothing from nothing, and the same whatever the order", () => {
  expect(pickReplica([])).toBeUndefined();
  const states = fc.constantFrom<Candidate["state"]>("Ready", "Degraded", "Initializing", "Dead");
  const some = fc.uniqueArray(
    fc.record({
      key: fc.string(),
      state: states,
      isOut: fc.boolean(),
      isReady: fc.boolean(),
      inFlight: fc.nat({ max: 3 }),
    }),
    { selector: ({ key }) => key, minLength: 1 },
  );
  fc.assert(fc.property(some, (list) => pickReplica(list) === pickReplica([...list].reverse())));
});
