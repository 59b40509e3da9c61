/** Which certificate is served while authorities come and go, and problems with them. */
import { X509Certificate } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createAuthority, type CertificateSource, type KeyedCertificate } from "@outrigger/certs";
import { createLeafKeeper, type LeafKeeper } from "./leaf.ts";

let first: KeyedCertificate;
let second: KeyedCertificate;
beforeAll(async () => {
  const make = async (): Promise<KeyedCertificate> =>
    createAuthority({ commonName: "Test CA", nowMs: Date.now(), lifetimeMs: 3_600_000, keyBits: 2048 });
  [first, second] = await Promise.all([make(), make()]);
});

/** Keys take their time on a busy machine. */
const patience = { timeout: 20_000, interval: 10 };

interface World {
  signing: KeyedCertificate;
  trusted: string[];
  problem?: string;
  nowMs: number;
}

const open: LeafKeeper[] = [];
afterEach(() => open.splice(0).forEach((keeper) => keeper.close()));

function createFixture(change: Partial<World> = {}) {
  const world: World = { signing: first, trusted: [first.certificatePem], nowMs: Date.now(), ...change };
  const seen = { found: 0, problems: [] as string[], served: 0 };
  const keeper = createLeafKeeper({
    findAuthority: () => {
      seen.found += 1;
      const { problem, signing } = world;
      return Promise.resolve(problem === undefined ? { ok: true, signing } : { ok: false, problem });
    },
    isTrusted: (pem) => world.trusted.includes(pem),
    names: ["localhost"],
    lifetimeMs: 600_000,
    checkMs: 10,
    nowMs: () => world.nowMs,
    random: () => 0.5,
    onProblem: (problem) => void seen.problems.push(problem),
    onServed: () => void (seen.served += 1),
  });
  open.push(keeper);
  keeper.reconsider();
  return { world, seen, keeper };
}

const isSignedBy = (source: CertificateSource, authority: KeyedCertificate): boolean =>
  new X509Certificate(source.current().certificatePem).verify(new X509Certificate(authority.certificatePem).publicKey);

/** Resolves when the keeper has looked at the world again, twice, so that one look lies wholly behind the call. */
async function looksAgain(seen: { readonly found: number }): Promise<void> {
  const { found } = seen;
  await vi.waitFor(() => expect(seen.found).toBeGreaterThan(found + 1), patience);
}

describe("the certificate of a replica", () => {
  it("is the first one that can be had, though nobody trusts its authority yet", async () => {
    const { keeper, seen } = createFixture({ trusted: [] });
    const source = await keeper.first;
    expect(isSignedBy(source, first)).toBe(true);
    expect(keeper.authorityPem()).toBe(first.certificatePem);
    expect(seen.served).toBe(1);
  });

  it("stays while the API server trusts it and does not trust the next one, and changes when it does", async () => {
    const { keeper, world, seen } = createFixture();
    const source = await keeper.first;
    const told: KeyedCertificate[] = [];
    source.onChange((certificate) => told.push(certificate));
    world.signing = second;
    await looksAgain(seen);
    expect(isSignedBy(source, first)).toBe(true);
    world.trusted = [first.certificatePem, second.certificatePem];
    keeper.reconsider();
    await vi.waitFor(() => expect(isSignedBy(source, second)).toBe(true), patience);
    expect(told).toEqual([source.current()]);
    expect(keeper.authorityPem()).toBe(second.certificatePem);
  });

  it("follows an authority that nobody trusts when its own is trusted no more", async () => {
    const { keeper, world } = createFixture();
    const source = await keeper.first;
    world.signing = second;
    world.trusted = [];
    await vi.waitFor(() => expect(isSignedBy(source, second)).toBe(true), patience);
  });

  it("changes after two thirds of its life, and not before", async () => {
    const { keeper, world, seen } = createFixture();
    const source = await keeper.first;
    const before = source.current();
    world.nowMs += 390_000;
    await looksAgain(seen);
    expect(source.current()).toBe(before);
    world.nowMs += 20_000;
    await vi.waitFor(() => expect(source.current()).not.toBe(before), patience);
  });

  it("stays when the authority can't be found, and the attempts go on", async () => {
    const { keeper, world, seen } = createFixture();
    const source = await keeper.first;
    world.problem = "the API server is away";
    await vi.waitFor(() => expect(seen.problems).toContain("the API server is away"), patience);
    expect(isSignedBy(source, first)).toBe(true);
    delete world.problem;
    world.signing = second;
    world.trusted = [second.certificatePem];
    await vi.waitFor(() => expect(isSignedBy(source, second)).toBe(true), patience);
  });
});
