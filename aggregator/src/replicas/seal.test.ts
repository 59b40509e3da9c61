import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSeal, createSealKey, type SealKey } from "./seal.ts";

const [old, young, foreign] = [1, 2, 3].map((fill) => createSealKey(Buffer.alloc(32, fill))) as [
  SealKey,
  SealKey,
  SealKey,
];
const sealWith = (...keys: [SealKey, ...SealKey[]]) => createSeal({ keys: () => keys, randomBytes });

describe("a sealed text", () => {
  it("is visible ASCII, and opens to what was sealed, for its purpose alone", () => {
    const seal = sealWith(young);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (data) => {
        const text = seal.seal("session", data);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(seal.open("session", text)).toEqual(Buffer.from(data));
        expect(seal.open("hop", text)).toBeUndefined();
      }),
    );
  });

  it("opens under a key that was replaced, as long as that is kept, and never under another", () => {
    const text = sealWith(old).seal("session", Buffer.from("x"));
    expect(sealWith(young, old).open("session", text)?.toString()).toBe("x");
    expect(sealWith(young).open("session", text)).toBeUndefined();
    expect(sealWith(foreign).open("session", text)).toBeUndefined();
    expect(sealWith(old).open("session", sealWith(young, old).seal("session", Buffer.from("x")))).toBeUndefined();
  });

  it("does not open when a letter of it is another, is missing, or is added", () => {
    const seal = sealWith(young);
    const text = seal.seal("session", Buffer.from('{"who":"me"}'));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom("A", "B", "z", "0", "9", "-", "_"), (at, letter) => {
        const changed = text.slice(0, at) + letter + text.slice(at + 1);
        expect(seal.open("session", changed) === undefined).toBe(changed !== text);
        expect(seal.open("session", text.slice(0, at) + text.slice(at + 1))).toBeUndefined();
        expect(seal.open("session", text.slice(0, at) + letter + text.slice(at))).toBeUndefined();
      }),
    );
  });

  it("is never the same twice, and any other text opens to nothing", () => {
    const seal = sealWith(young);
    const data = Buffer.from("x");
    expect(seal.seal("session", data)).not.toBe(seal.seal("session", data));
    fc.assert(fc.property(fc.string(), (text) => seal.open("session", text) === undefined));
    expect(seal.open("session", "A".repeat(100_000))).toBeUndefined();
  });
});
