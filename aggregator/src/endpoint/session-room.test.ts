import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSessionRoom, type Guest } from "./session-room.ts";

/** A room in which who has to leave is noted, in order. */
function openRoom(max: number) {
  const room = createSessionRoom(max);
  const inside = new Map<string, Guest>();
  const left: string[] = [];
  let clock = 0;
  const enter = (name: string, caller: string, open = 0): void => {
    const guest = { caller, open, lastUsedMs: clock++ };
    room.enter(guest, () => {
      inside.delete(name);
      left.push(name);
    });
    inside.set(name, guest);
  };
  return { enter, left, inside };
}

describe("a full room for sessions", () => {
  it("ends one of whoever has most, the one that is idle longest, and nobody else's", () => {
    const { enter, left } = openRoom(4);
    enter("alice", "alice");
    enter("m1", "mallory", 1);
    enter("m2", "mallory");
    enter("m3", "mallory");
    enter("m4", "mallory");
    enter("bob", "bob");
    expect(left).toEqual(["m2", "m3"]);
  });

  it("ends one that is in use only where its caller has no other", () => {
    const { enter, left } = openRoom(2);
    enter("one", "mallory", 1);
    enter("two", "mallory", 1);
    enter("three", "mallory");
    expect(left).toEqual(["one"]);
  });

  it("has room again for whoever leaves by itself", () => {
    const room = createSessionRoom(1);
    let ended = 0;
    const first = room.enter({ caller: "a", open: 0, lastUsedMs: 0 }, () => ended++);
    first();
    first();
    room.enter({ caller: "b", open: 0, lastUsedMs: 1 }, () => ended++);
    expect(ended).toBe(0);
  });

  it("never holds more than it may, and never takes from a caller that has fewer than an equal part", () => {
    const entries = fc.array(fc.constantFrom("a", "b", "c", "mallory"), { maxLength: 60 });
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 12 }), (callers, max) => {
        const { enter, inside } = openRoom(max);
        callers.forEach((caller, at) => {
          const before = Map.groupBy(inside.values(), (guest) => guest.caller);
          enter(String(at), caller);
          expect(inside.size).toBeLessThanOrEqual(max);
          const after = Map.groupBy(inside.values(), (guest) => guest.caller);
          for (const [who, had] of before) {
            const keeps = after.get(who)?.length ?? 0;
            if (keeps < had.length) expect(had.length).toBe(Math.max(...[...before.values()].map((all) => all.length)));
          }
        });
      }),
    );
  });
});
