/** The replacement of the webhook's authority as a state machine: whatever happens in whatever order, what is served stays trusted. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { createRotationWorld, type Happening } from "../fixtures/rotation/world.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;
const startMs = Date.parse("2026-11-22T10:00:00Z");

const who = fc.nat({ max: 1 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant("lead" as const), who, sees: fc.constantFrom("now", "before") }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("lead" as const),
      who,
      stop: fc.nat({ max: 3 }),
      then: fc.constantFrom("lost", "held"),
      sees: fc.constantFrom("now", "before"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("serve" as const),
      who,
      sees: fc.constantFrom("secret", "entries", "both", "neither"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("restart" as const), who }) },
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant("wait" as const),
      ms: fc.constantFrom(minuteMs, 6 * minuteMs, 11 * minuteMs, dayMs, 9 * dayMs),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant("jump" as const), ms: fc.constantFrom(30 * dayMs, 30 * dayMs, -dayMs) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom("delete", "break", "wipe") }) },
);

it("F-028 whatever crashes, lags, is deleted or jumps in time, what is served is trusted, and the rotation comes to rest", async () => {
  const passed = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 60 }), async (happenings) => {
      const world = createRotationWorld(startMs);
      for (const each of happenings) await world.happen(each);
      expect(await world.settle()).toEqual([]);
      expect(world.gaps).toEqual([]);
      for (const phase of world.phases) passed.add(phase);
    }),
    { numRuns: 60 },
  );
  expect([...passed].sort()).toEqual(["announced", "steady", "switched"]);
});
