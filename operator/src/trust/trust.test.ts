import { generateKeyPair, type PrivateJwk } from "@outrigger/runtime/jws";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { readTrustSecret, type TrustKeys } from "./observe.ts";
import { chooseKey, chooseNamespaceKey, countPinningOld, decideTrust, toJwks } from "./reconcile.ts";

const times = { lifetimeMs: 1_000, overlapMs: 100 };
let old: PrivateJwk;
let young: PrivateJwk;

beforeAll(async () => {
  old = (await generateKeyPair()).privateJwk;
  young = (await generateKeyPair()).privateJwk;
});

const single = (createdMs = 0): TrustKeys => ({ current: old, previous: undefined, createdMs });
const rotating = (createdMs = 0): TrustKeys => ({ current: young, previous: old, createdMs });
const decide = (keys: TrustKeys, nowMs: number, pinned: readonly (readonly string[])[] = []) =>
  decideTrust({ kind: "present", resourceVersion: "1", keys }, { pinned, nowMs }, times);

it("makes a key where there is none, and replaces one that can't sign", () => {
  const facts = { pinned: [], nowMs: 0 };
  expect(decideTrust({ kind: "absent" }, facts, times)).toBe("create");
  expect(decideTrust({ kind: "broken", resourceVersion: "1", problem: "" }, facts, times)).toBe("replace");
  expect(decide(single(), 999)).toBe("keep");
  expect(decide(single(), 1_000)).toBe("rotate");
});

it("keeps the key before until no pod needs it, and its time is over", () => {
  const needsOld = [[old.kid], [old.kid, young.kid]];
  expect(decide(rotating(), 500, needsOld)).toBe("keep");
  expect(decide(rotating(), 500, [[old.kid, young.kid], [young.kid], []])).toBe("retire");
  expect(decide(rotating(), 99, [])).toBe("keep");
  expect(countPinningOld(rotating(), needsOld)).toBe(1);
});

it("begins no rotation before the last one is finished, and none for a date that can't be", () => {
  expect(decide(rotating(), 5_000, [[old.kid]])).toBe("keep");
  expect(decide(single(Number.NaN), 5_000)).toBe("keep");
  expect(decide(single(9_000), 5_000)).toBe("keep");
});

it("signs for every pod with a key that it trusts, with the newest one", () => {
  fc.assert(
    fc.property(fc.subarray(["old", "young", "other"]), (names) => {
      const ids = { old: old.kid, young: young.kid, other: "x" };
      const pinned = names.map((name) => ids[name as keyof typeof ids]);
      const key = chooseKey(rotating(), pinned);
      if (key === undefined) return !pinned.includes(old.kid) && !pinned.includes(young.kid);
      return pinned.includes(key.kid) && (key === young || !pinned.includes(young.kid));
    }),
  );
});

it("signs for coming pods with a new key only when every webhook replica can know it", () => {
  expect(chooseNamespaceKey(rotating(), 59, 60)).toBe(old);
  expect(chooseNamespaceKey(rotating(), 60, 60)).toBe(young);
  expect(chooseNamespaceKey(single(), 0, 60)).toBe(old);
});

it("publishes public halves alone, newest first", () => {
  const published = toJwks(rotating());
  expect(published.keys.map(({ kid }) => kid)).toEqual([young.kid, old.kid]);
  expect(JSON.stringify(published)).not.toContain('"d"');
});

it("reads its Secret, and takes odd content for a broken one", () => {
  const encode = (text: string): string => Buffer.from(text).toString("base64");
  const data = { "private.jwk": encode(JSON.stringify(old)), created: encode("1970-01-01T00:00:01.000Z") };
  expect(readTrustSecret({ metadata: { resourceVersion: "7" }, data })).toEqual({
    kind: "present",
    resourceVersion: "7",
    keys: { current: old, previous: undefined, createdMs: 1_000 },
  });
  for (const text of ["", "{}", "null", '{"kty":"RSA"}', JSON.stringify({ ...old, d: undefined })]) {
    expect(readTrustSecret({ data: { "private.jwk": encode(text) } })).toMatchObject({ kind: "broken" });
  }
});
