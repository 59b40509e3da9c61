import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  generateKeyPair,
  readJwks,
  signCompact,
  verifyCompact,
  verifyCompactSync,
  type PrivateJwk,
  type PublicJwk,
} from "./jws.ts";

const type = "letter";
let one: { readonly privateJwk: PrivateJwk; readonly publicJwk: PublicJwk };
let other: typeof one;
let signed: string;

beforeAll(async () => {
  [one, other] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  signed = await signCompact("hello wörld", one.privateJwk, type);
});

const trusting = (...keys: readonly PublicJwk[]) => ({ keys: { keys }, type });
const encode = (text: string): string => Buffer.from(text).toString("base64url");

describe("a signed text", () => {
  it("gives its payload and the id of the key that signed it", async () => {
    const verified = await verifyCompact(signed, trusting(one.publicJwk));
    expect(verified.ok && [Buffer.from(verified.payload).toString(), verified.kid]).toEqual([
      "hello wörld",
      one.publicJwk.kid,
    ]);
  });

  it("is taken from any of several keys", async () => {
    const bySecond = await signCompact("x", other.privateJwk, type);
    for (const text of [signed, bySecond])
      expect((await verifyCompact(text, trusting(one.publicJwk, other.publicJwk))).ok).toBe(true);
  });

  it("is not taken from a key that is not trusted, or that only borrows the id of one", async () => {
    expect(await verifyCompact(signed, trusting(other.publicJwk))).toMatchObject({ problem: "untrusted" });
    const borrowed = await signCompact("x", { ...other.privateJwk, kid: one.publicJwk.kid }, type);
    expect(await verifyCompact(borrowed, trusting(one.publicJwk))).toMatchObject({ problem: "untrusted" });
  });

  it("is not taken for another purpose", async () => {
    const foreign = await signCompact("x", one.privateJwk, "invoice");
    expect(await verifyCompact(foreign, trusting(one.publicJwk))).toMatchObject({ problem: "malformed" });
  });

  it.each([
    ["no text", ""],
    ["no JWS", "hello"],
    ["an unsigned one", `${encode('{"alg":"none","typ":"letter"}')}.${encode("x")}.`],
    ["another algorithm", `${encode('{"alg":"HS256","typ":"letter"}')}.${encode("x")}.${encode("x")}`],
    ["a header that is no object", `${encode("[]")}.${encode("x")}.${encode("x")}`],
    ["a header that is no JSON", `${encode("{")}.${encode("x")}.${encode("x")}`],
  ])("is not %s", async (_name, text) => {
    expect(await verifyCompact(text, trusting(one.publicJwk))).toMatchObject({ ok: false, problem: "malformed" });
  });

  it("is refused with an extension that is not understood", async () => {
    const { kid } = one.publicJwk;
    const head = encode(JSON.stringify({ alg: "EdDSA", kid, typ: type, crit: ["b64"], b64: false }));
    const [, body, signature] = signed.split(".");
    expect((await verifyCompact([head, body, signature].join("."), trusting(one.publicJwk))).ok).toBe(false);
  });

  it("is refused when any one character of it is replaced, left out or added", async () => {
    const character = fc.mixedCase(
      fc.constantFrom("a", "b", "q", "x", "z", "0", "9", "-", "_", ".", "=", "+", "/", " ", "\n"),
    );
    const at = fc.nat({ max: signed.length - 1 });
    const change = fc.constantFrom("replace" as const, "remove" as const, "add" as const);
    await fc.assert(
      fc.asyncProperty(at, character, change, async (index, letter, how) => {
        const rest = signed.slice(how === "add" ? index : index + 1);
        const altered = signed.slice(0, index) + (how === "remove" ? "" : letter) + rest;
        fc.pre(altered !== signed);
        expect((await verifyCompact(altered, trusting(one.publicJwk))).ok).toBe(false);
        expect(verifyCompactSync(altered, trusting(one.publicJwk)).ok).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("verifying at once", () => {
  it("finds the same as verifying with time: payload, key, and why not", async () => {
    const texts = [signed, `${signed}x`, "", "a.b.c", signed.replace(/\.[^.]+$/, `.${"A".repeat(86)}`)];
    for (const keys of [one.publicJwk, other.publicJwk])
      for (const text of texts)
        expect(verifyCompactSync(text, trusting(keys))).toEqual(await verifyCompact(text, trusting(keys)));
  });
});

describe("a set of keys", () => {
  it("is read where every key is a public one with an id of its own", () => {
    const set = { keys: [one.publicJwk, other.publicJwk] };
    expect(readJwks(JSON.parse(JSON.stringify(set)))).toEqual(set);
  });

  it("is not read with a private half, an id twice, another kind of key or no key at all", () => {
    const { publicJwk, privateJwk } = one;
    const sets = [
      [privateJwk],
      [publicJwk, publicJwk],
      [{ ...publicJwk, kty: "EC" }],
      [{ ...publicJwk, x: "short" }],
      [{ ...publicJwk, kid: "" }],
      [{ ...publicJwk, alg: "HS256" }],
      [],
      ["key"],
    ];
    for (const keys of sets) expect(readJwks({ keys })).toBeUndefined();
    for (const value of [undefined, null, [], { keys: "x" }]) expect(readJwks(value)).toBeUndefined();
  });
});
