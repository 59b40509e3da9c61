import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decideSessionKeys,
  readSessionKeys,
  stepSessionKeys,
  toSessionKeyData,
  type ObservedKeys,
  type SessionKeys,
} from "./reconcile.ts";

const times = { lifetimeMs: 1_000, announceMs: 100 };
const make = (): string => randomBytes(32).toString("base64");
const [one, two] = [make(), make()];
const present = (keys: SessionKeys): ObservedKeys => ({ kind: "present", resourceVersion: "1", keys });
const settled = present({ keys: [one], createdMs: 0, isAnnounced: false });

describe("the keys that seal sessions", () => {
  it("are made where there are none, and again where they can't be used", () => {
    expect(decideSessionKeys({ kind: "absent" }, 0, times)).toBe("create");
    expect(decideSessionKeys({ kind: "broken", resourceVersion: "1" }, 0, times)).toBe("replace");
    const made = stepSessionKeys({ kind: "absent" }, "create", { nowMs: 5, make: () => one });
    expect(made).toEqual({ keys: [one], createdMs: 5, isAnnounced: false });
  });

  it("are replaced in two steps: every replica opens with a new key before any seals with it", () => {
    expect(decideSessionKeys(settled, 999, times)).toBe("keep");
    expect(decideSessionKeys(settled, 1_000, times)).toBe("announce");
    const announced = stepSessionKeys(settled, "announce", { nowMs: 1_000, make: () => two });
    expect(announced).toEqual({ keys: [one, two], createdMs: 1_000, isAnnounced: true });
    expect(decideSessionKeys(present(announced), 1_099, times)).toBe("keep");
    expect(decideSessionKeys(present(announced), 1_100, times)).toBe("seal");
    const sealing = stepSessionKeys(present(announced), "seal", { nowMs: 1_100, make });
    expect(sealing).toEqual({ keys: [two, one], createdMs: 1_000, isAnnounced: false });
    const third = stepSessionKeys(present(sealing), "announce", { nowMs: 2_000, make: () => "new" });
    expect(third.keys).toEqual([two, "new"]);
  });

  it("are never replaced in a loop for a date that can't be", () => {
    for (const createdMs of [Number.NaN, 9_000]) {
      const odd = present({ keys: [one], createdMs, isAnnounced: false });
      expect(decideSessionKeys(odd, 5_000, times)).toBe("keep");
    }
  });

  it("are written as they are read", () => {
    fc.assert(
      fc.property(fc.boolean(), fc.integer({ min: 0, max: 4_000_000_000_000 }), (isAnnounced, createdMs) => {
        const keys = { keys: [one, two], createdMs, isAnnounced };
        const secret = { metadata: { resourceVersion: "7" }, data: toSessionKeyData(keys) };
        expect(readSessionKeys(secret)).toEqual({ kind: "present", resourceVersion: "7", keys });
      }),
    );
    expect(readSessionKeys({}).kind).toBe("broken");
    expect(readSessionKeys({ data: { keys: Buffer.from("short\n").toString("base64") } }).kind).toBe("broken");
  });
});
