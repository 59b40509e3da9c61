import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { audience, createSigner, type Signer } from "./testing/signer.ts";
import { verifyBundle, type Trust } from "./verify-bundle.ts";

let signer: Signer;
let other: Signer;
let trust: Trust;

beforeAll(async () => {
  [signer, other] = await Promise.all([createSigner(), createSigner()]);
  trust = { keys: { keys: [signer.publicJwk] }, ...audience };
});

const verify = async (text: string, versionInForce?: number) => verifyBundle(text, trust, versionInForce);

describe("a bundle", () => {
  it("is taken for the server that it names, and for a namespace where it names none", async () => {
    const layers = [{ tools: { deny: ["write"] } }, {}];
    const read = await verify(await signer.sign({ layers, version: 7 }));
    expect(read).toMatchObject({
      ok: true,
      version: 7,
      layers: [{ tools: { deny: ["write"] } }, { tools: { deny: [] } }],
    });
    expect((await verify(await signer.sign({ audience: { namespace: "tools" } }))).ok).toBe(true);
  });

  it("is taken from each of two pinned keys, so that one can follow the other", async () => {
    const both = { ...trust, keys: { keys: [other.publicJwk, signer.publicJwk] } };
    for (const by of [signer, other]) expect((await verifyBundle(await by.sign({}), both, undefined)).ok).toBe(true);
  });

  it("is not taken from another key", async () => {
    expect(await verify(await other.sign({}))).toMatchObject({ ok: false, reason: "BundleSignatureInvalid" });
  });

  it.each([
    ["another namespace", { namespace: "other" }],
    ["another server", { namespace: "tools", server: "files" }],
    ["a server of the same name elsewhere", { namespace: "other", server: "search" }],
  ])("is not taken where it is meant for %s", async (_name, meant) => {
    expect(await verify(await signer.sign({ audience: meant }))).toMatchObject({ reason: "BundleAudienceWrong" });
  });

  it("is not taken where it is older than the one in force; the same version is", async () => {
    const text = await signer.sign({ version: 5 });
    expect(await verify(text, 6)).toMatchObject({ reason: "BundleOutdated" });
    for (const versionInForce of [5, 4, undefined]) expect((await verify(text, versionInForce)).ok).toBe(true);
  });

  it.each([
    ["a layer with a key that is not known", { layers: [{}, { tools: { alow: ["a"] } }] }, "layer 1: tools.alow"],
    ["a layer that is no object", { layers: ["open"] }, "layer 0"],
    ["no layers", { layers: [] }, "layers"],
    ["another format", { format: 2 }, "format 1"],
    ["a member that is not known", { mode: "Audit" }, "mode"],
  ])("is not taken with %s, and says where", async (_name, payload, where) => {
    const read = await verify(await signer.sign(payload));
    expect(read).toMatchObject({ ok: false, reason: "BundleMalformed" });
    expect(read.ok ? "" : read.problems.join()).toContain(where);
  });

  it("is not taken where it is larger than 64 KiB, whoever signed it", async () => {
    const deny = Array.from({ length: 250 }, (_, index) => `${"x".repeat(100)}${index}`);
    const fits = { layers: [{ tools: { deny } }] };
    expect((await verify(await signer.sign(fits))).ok).toBe(true);
    const oversize = await signer.sign({ layers: [fits.layers[0], fits.layers[0]] });
    expect(oversize.length).toBeGreaterThan(64 * 1024);
    expect(await verify(oversize)).toMatchObject({
      reason: "BundleMalformed",
      problems: [expect.stringContaining("longer")],
    });
  });

  it("is refused when any one character of it is altered", async () => {
    const text = await signer.sign({ layers: [{ defaultAction: "Deny" }] });
    const character = fc.mixedCase(
      fc.constantFrom("a", "b", "q", "x", "z", "0", "9", "-", "_", ".", "=", "+", "/", " ", "\n"),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: text.length - 1 }), character, async (index, letter) => {
        fc.pre(text[index] !== letter);
        expect((await verify(text.slice(0, index) + letter + text.slice(index + 1))).ok).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
