import { callerType, readCallerAssertion } from "@outrigger/api/caller";
import { generateKeyPair, verifyCompactSync, type PrivateJwk, type PublicJwk } from "@outrigger/runtime/jws";
import { beforeAll, describe, expect, it } from "vitest";
import type { Principal } from "../auth/principal.ts";
import { anonymous } from "../auth/principal.ts";
import { createCallerBook, type KnownCaller } from "./caller-book.ts";
import { createSigner } from "./signer.ts";

interface Pair {
  readonly privateJwk: PrivateJwk;
  readonly publicJwk: PublicJwk;
}

let old: Pair;
let young: Pair;
beforeAll(async () => {
  [old, young] = await Promise.all([generateKeyPair(), generateKeyPair()]);
});

const olga: Principal = { kind: "User", name: "olga", groups: ["ops"], claims: { team: "red" } };
const issuer = "https://tools.example";
const shop = { namespace: "tools", server: "shop" };

function know(principal: Principal): KnownCaller {
  const caller = createCallerBook().find(principal);
  if (caller === undefined) throw new Error("a caller that fits");
  return caller;
}

function readBack(text: string | undefined, key: Pair): unknown {
  const verified = verifyCompactSync(text ?? "", { keys: { keys: [key.publicJwk] }, type: callerType });
  if (!verified.ok) return verified.message;
  const read = readCallerAssertion(JSON.parse(new TextDecoder().decode(verified.payload)));
  return read.ok ? read.value : read.expected;
}

describe("an assertion", () => {
  it("says who calls which server, for five minutes", () => {
    const signer = createSigner(() => 1_000_000, issuer);
    signer.use([old.privateJwk]);
    const text = signer.sign(know(olga), shop, [old.publicJwk.kid]);
    expect(readBack(text, old)).toEqual({
      ...{
        aud: "outrigger:tools/shop",
        iss: issuer,
        sub: "olga",
        kind: "User",
        groups: ["ops"],
        claims: { team: "red" },
      },
      ...{ iat: 1_000, exp: 1_300 },
    });
    expect(readBack(signer.sign(know(anonymous), shop, [old.publicJwk.kid]), old)).toMatchObject({
      kind: "Anonymous",
      sub: "anonymous",
    });
  });

  it("is used for half of its life, for one caller and one server", () => {
    let nowMs = 0;
    const signer = createSigner(() => nowMs, issuer);
    signer.use([old.privateJwk]);
    const sign = (principal: Principal, server = shop): string | undefined =>
      signer.sign(know(principal), server, [old.publicJwk.kid]);
    const first = sign(olga);
    nowMs = 149_999;
    expect(sign({ ...olga })).toBe(first);
    expect(sign({ ...olga, groups: [] })).not.toBe(first);
    expect(sign(olga, { ...shop, server: "other" })).not.toBe(first);
    nowMs = 150_000;
    expect(sign(olga)).not.toBe(first);
  });

  it("is signed with the newest key that the sidecar trusts, and is not made where it trusts none", () => {
    const signer = createSigner(() => 0, issuer);
    signer.use([young.privateJwk, old.privateJwk]);
    const [youngId, oldId] = [young.publicJwk.kid, old.publicJwk.kid];
    expect(readBack(signer.sign(know(olga), shop, [oldId, youngId]), young)).toMatchObject({ sub: "olga" });
    expect(readBack(signer.sign(know(olga), shop, [oldId]), old)).toMatchObject({ sub: "olga" });
    expect(signer.sign(know(olga), shop, ["another"])).toBeUndefined();
    expect(signer.sign(know(olga), shop, undefined)).toBeUndefined();
    signer.use([young.privateJwk]);
    expect([signer.canVouch([oldId]), signer.canVouch([oldId, youngId])]).toEqual([false, true]);
  });
});

describe("the callers of a program", () => {
  it("are known again, also where another request names them", () => {
    const book = createCallerBook();
    expect(book.find({ ...olga })).toBe(book.find({ ...olga }));
    expect(book.find({ ...olga, groups: ["ops", "dev"] })).not.toBe(book.find(olga));
  });

  it("hold nobody whose groups do not fit whole: a part of them could be what a rule denies", () => {
    const groups = Array.from({ length: 400 }, (_, at) => `group-of-many-${at}`);
    expect(createCallerBook().find({ ...olga, groups })).toBeUndefined();
  });
});
