import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeSession, rank } from "./place.ts";

const greeting = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } };
const session = { kind: "session", id: "s", owner: "a", bornMs: 0, greeting } as const;
const later = { away: new Set<string>(), nowMs: 60_000 };
const members = (ready: readonly string[], listed = ready) => ({ ready, listed });
const someMembers = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 });

describe("F-112 the replica of a session", () => {
  it("is the one that opened it, as long as that is there", () => {
    fc.assert(
      fc.property(someMembers, fc.string(), (all, id) => {
        const [owner = ""] = all;
        expect(placeSession({ ...session, id, owner }, members(all), later)).toBe(owner);
      }),
    );
    expect(placeSession(session, members(["b"], ["a", "b"]), later)).toBe("a");
    expect(placeSession(session, { ready: ["b"], listed: undefined }, later)).toBe("a");
  });

  it("is believed to be there while the news of it may still be on the way", () => {
    expect(placeSession(session, members(["b"]), { ...later, nowMs: 9_999 })).toBe("a");
    expect(placeSession(session, members(["b"]), { ...later, nowMs: 10_000 })).toBe("b");
    expect(placeSession(session, members(["b"]), { nowMs: 0, away: new Set(["a"]) })).toBe("b");
  });

  it("is afterwards one that all the others name, in whatever order they know each other", () => {
    fc.assert(
      fc.property(someMembers, fc.string(), (all, id) => {
        const gone = { ...session, id, owner: "gone" };
        const named = placeSession(gone, members(all), later);
        expect(all).toContain(named);
        expect(placeSession(gone, members(all.toReversed()), later)).toBe(named);
      }),
    );
  });

  it("stays the same when another one ends or comes", () => {
    fc.assert(
      fc.property(someMembers, fc.string(), fc.string(), (all, id, newcomer) => {
        const [best = "", ...others] = rank(id, all);
        const [dropped] = others;
        expect(
          rank(
            id,
            all.filter((each) => each !== dropped),
          )[0],
        ).toBe(best);
        expect([best, newcomer]).toContain(rank(id, [...all, newcomer])[0]);
      }),
    );
  });

  it("is spread over all of them", () => {
    const all = ["a", "b", "c"];
    const counts = new Map(all.map((each) => [each, 0]));
    for (let n = 0; n < 3_000; n++) {
      const [best = ""] = rank(`session-${n}`, all);
      counts.set(best, (counts.get(best) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(count).toBeGreaterThan(900);
  });

  it("is nobody for what can't go on elsewhere, and where nobody can be reached", () => {
    const silent = { kind: "session", id: "s", owner: "a", bornMs: 0 } as const;
    expect(placeSession(silent, members(["b"]), later)).toBeUndefined();
    expect(placeSession({ ...session, kind: "stream" }, members(["b"]), later)).toBeUndefined();
    expect(placeSession(session, members(["b"]), { ...later, away: new Set(["b"]) })).toBeUndefined();
  });
});
