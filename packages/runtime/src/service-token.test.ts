import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, it } from "vitest";
import { createTokenVerifier, subjectOf, type TokenVerifier } from "./service-token.ts";

const nowMs = Date.parse("2026-11-22T08:00:00Z");
const aggregator = subjectOf("outrigger-system", "outrigger-aggregator");

async function makeSigner(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" };
  const sign = (claims: { sub?: string; aud?: string; exp?: number | undefined } = {}): Promise<string> => {
    const { sub = aggregator, aud = "outrigger-operator" } = claims;
    const exp = "exp" in claims ? claims.exp : nowMs / 1_000 + 600;
    const token = new SignJWT({ ...(exp === undefined ? {} : { exp }) }).setProtectedHeader({ alg: "RS256", kid });
    return token.setSubject(sub).setAudience(aud).sign(privateKey);
  };
  return { publicJwk, sign };
}

interface Cluster {
  readonly verify: TokenVerifier;
  readonly pass: (ms: number) => void;
  readonly reads: () => number;
  publish: (keys: readonly object[] | undefined) => void;
}

function makeCluster(first: readonly object[] | undefined): Cluster {
  let keys = first;
  let elapsedMs = 0;
  let reads = 0;
  const verify = createTokenVerifier({
    audience: "outrigger-operator",
    readKeys: () => {
      reads++;
      return keys === undefined ? Promise.reject(new Error("no answer")) : Promise.resolve({ keys });
    },
    nowMs: () => nowMs,
    elapsedMs: () => elapsedMs,
  });
  return {
    verify,
    pass: (ms) => void (elapsedMs += ms),
    reads: () => reads,
    publish: (next) => void (keys = next),
  };
}

it("names the ServiceAccount whose token the cluster signed for us, and reads the keys once for many", async () => {
  const { publicJwk, sign } = await makeSigner("a");
  const { verify, reads } = makeCluster([publicJwk]);
  expect(await verify(await sign())).toEqual({ ok: true, subject: aggregator });
  expect(await verify(await sign({ sub: "system:serviceaccount:x:y" }))).toMatchObject({ ok: true });
  expect(reads()).toBe(1);
});

it("refuses tokens for others, tokens that have expired or never do, and what is no token", async () => {
  const { publicJwk, sign } = await makeSigner("a");
  const { verify } = makeCluster([publicJwk]);
  const tokens = [
    await sign({ aud: "https://kubernetes.default.svc" }),
    await sign({ exp: nowMs / 1_000 - 1 }),
    await sign({ exp: undefined }),
    `${await sign()}x`,
    "",
    "a.b.c",
    `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from("{}").toString("base64url")}.`,
  ];
  for (const token of tokens) expect(await verify(token)).toMatchObject({ ok: false, problem: "untrusted" });
});

it("refuses a token that somebody else signed under the name of a known key", async () => {
  const ours = await makeSigner("a");
  const theirs = await makeSigner("a");
  const { verify } = makeCluster([ours.publicJwk]);
  expect(await verify(await theirs.sign())).toMatchObject({ ok: false, problem: "untrusted" });
});

it("takes a new key of the cluster as soon as a token names it, and drops one that is withdrawn in minutes", async () => {
  const before = await makeSigner("a");
  const after = await makeSigner("b");
  const { verify, publish, pass, reads } = makeCluster([before.publicJwk]);
  expect(await verify(await before.sign())).toMatchObject({ ok: true });
  publish([after.publicJwk]);
  expect(await verify(await after.sign())).toMatchObject({ ok: false });
  expect(reads()).toBe(1);
  pass(5_001);
  expect(await verify(await after.sign())).toMatchObject({ ok: true });
  expect(await verify(await before.sign())).toMatchObject({ ok: false, problem: "untrusted" });
});

it("says that it can't know while the keys can't be read, and keeps those that it has", async () => {
  const { publicJwk, sign } = await makeSigner("a");
  const { verify, publish, pass } = makeCluster(undefined);
  const unknown = await verify(await sign());
  expect(unknown).toMatchObject({ ok: false, problem: "unavailable" });
  expect(unknown).toHaveProperty("message", expect.stringMatching(/^the cluster's keys can't be read: ./));
  publish([publicJwk]);
  expect(await verify(await sign())).toMatchObject({ ok: true });
  publish(undefined);
  pass(600_000);
  expect(await verify(await sign())).toMatchObject({ ok: true });
});
