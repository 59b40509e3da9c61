import { beforeAll, expect, it } from "vitest";
import { createAuthority, issueLeaf } from "./authority.ts";
import type { KeyedCertificate } from "./certificate.ts";
import { isChainTrusted } from "./chain.ts";

const lifetimeMs = 3_600_000;
let [authority, other, leaf]: (KeyedCertificate | undefined)[] = [];

beforeAll(async () => {
  const nowMs = Date.now();
  // The same name, as after a renewal: the key alone tells them apart.
  const make = (): Promise<KeyedCertificate> =>
    createAuthority({ commonName: "Given", nowMs, lifetimeMs, keyBits: 2048 });
  [authority, other] = await Promise.all([make(), make()]);
  leaf = await issueLeaf(authority, { names: ["localhost"], nowMs, lifetimeMs, keyBits: 2048 });
});

const pem = (certificate: KeyedCertificate | undefined): string => certificate?.certificatePem ?? "";

it("takes a certificate that a trusted one has signed, wherever that stands, and one that is trusted itself", () => {
  expect(isChainTrusted(pem(leaf), [pem(other), pem(authority)])).toBe(true);
  expect(isChainTrusted(pem(leaf), [pem(leaf)])).toBe(true);
});

it("follows the certificates that are shown with it", () => {
  const chain = `${pem(leaf)}${pem(authority)}`;
  expect(isChainTrusted(chain, [pem(authority)])).toBe(true);
  expect(isChainTrusted(chain, [pem(other)])).toBe(false);
});

it("takes nothing else: another key under the same name, nothing that is trusted, what can't be read", () => {
  expect(isChainTrusted(pem(leaf), [pem(other)])).toBe(false);
  expect(isChainTrusted(pem(leaf), [])).toBe(false);
  expect(isChainTrusted("", [pem(authority)])).toBe(false);
  expect(isChainTrusted(pem(leaf), ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])).toBe(false);
});
