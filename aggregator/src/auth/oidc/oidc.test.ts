import { createHmac } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { parseIssuers } from "./issuers.ts";
import { createOidc } from "./oidc.ts";

const nowMs = Date.parse("2026-11-22T08:00:00Z");
const now = nowMs / 1_000;
const url = "https://login.example";

async function makeKey(kid: string, alg = "ES256") {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

type Key = Awaited<ReturnType<typeof makeKey>>;

const ours = await makeKey("a");
const theirs = await makeKey("a");
const rsa = await makeKey("rsa", "RS256");

/** A token that is right but for what the test says. */
function sign(
  claims: { readonly [C in keyof JWTPayload]: JWTPayload[C] | undefined } = {},
  key: Key = ours,
): Promise<string> {
  const usual = { iss: url, aud: "outrigger", sub: "alice", iat: now, exp: now + 600, groups: ["dev"] };
  // What is undefined does not stand in the token.
  return new SignJWT({ ...usual, ...claims } as JWTPayload)
    .setProtectedHeader({ alg: key.alg, kid: key.kid })
    .sign(key.privateKey);
}

/** The world of an issuer, under clocks of the test's. */
function makeWorld(more: object = {}) {
  const world = {
    elapsedMs: 0,
    fetched: [] as string[],
    keys: [ours.jwk, rsa.jwk] as object[],
    isAway: false,
    said: url,
  };
  const parsed = parseIssuers(
    JSON.stringify([{ url, audiences: ["outrigger", "https://tools.example/mcp"], ...more }]),
  );
  if (!parsed.ok) throw new Error(parsed.expected);
  const verify = createOidc({
    issuers: parsed.value,
    documentsOf: () => (address) => {
      world.fetched.push(address);
      if (world.isAway) return Promise.reject(new Error("no answer"));
      const isKeys = address === `${url}/keys`;
      return Promise.resolve(isKeys ? { keys: world.keys } : { issuer: world.said, jwks_uri: `${url}/keys` });
    },
    nowMs: () => nowMs,
    elapsedMs: () => world.elapsedMs,
    onFailure: () => undefined,
  });
  return { world, verify };
}

let { world, verify } = makeWorld();
beforeEach(() => {
  ({ world, verify } = makeWorld());
});

describe("F-150 a token of an issuer", () => {
  it("names a caller and its groups under the issuer's prefix, and is remembered for a while, never beyond its end", async () => {
    expect(await verify(await sign())).toEqual({
      ok: true,
      principal: { kind: "User", name: `${url}#alice`, groups: [`${url}#dev`], claims: {} },
      untilMs: nowMs + 60_000,
    });
    expect(await verify(await sign({ exp: now + 7 }, rsa))).toMatchObject({ ok: true, untilMs: nowMs + 7_000 });
    expect(await verify(await sign({ aud: ["x", "https://tools.example/mcp"] }))).toMatchObject({ ok: true });
  });

  it("may have its name, groups and claims elsewhere", async () => {
    const other = makeWorld({ name: "email", groups: "roles", claims: ["team", "missing"], prefix: "" });
    const token = await sign({ email: "a@x.example", roles: "ops system:masters", team: { id: 7 }, secret: 1 });
    expect(await other.verify(token)).toMatchObject({
      principal: { name: "a@x.example", groups: ["ops system:masters"], claims: { team: { id: 7 } } },
    });
    const unverified = await sign({ email: "a@x.example", email_verified: false });
    expect(await other.verify(unverified)).toMatchObject({ ok: false, problem: "invalid" });
    for (const sub of ["key:ci", "uri:spiffe://x", "system:admin"]) {
      const bare = makeWorld({ prefix: "" });
      expect(await bare.verify(await sign({ sub })), sub).toMatchObject({ ok: false, problem: "invalid" });
    }
  });

  it("must have all scopes that are asked for; without them it is right and not enough", async () => {
    const scoped = makeWorld({ scopes: ["tools", "mcp"] });
    expect(await scoped.verify(await sign({ scope: "mcp tools other" }))).toMatchObject({ ok: true });
    expect(await scoped.verify(await sign({ scp: ["mcp", "tools"] }))).toMatchObject({ ok: true });
    expect(await scoped.verify(await sign({ scope: "mcp" }))).toMatchObject({
      ...{ ok: false, problem: "insufficient", message: "The token lacks the scope tools.", scopes: ["tools", "mcp"] },
    });
  });
});

/** What an attacker makes of a public key: a token signed with it as a secret. */
async function confuse(): Promise<string> {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: url, aud: "outrigger", sub: "root", exp: now + 600 };
  const text = `${encode({ alg: "HS256", kid: "rsa" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", await exportSPKI(rsa.publicKey))
    .update(text)
    .digest("base64url")}`;
}

describe("F-150 a token is refused", () => {
  const unsecured = (): string =>
    new UnsecuredJWT({ iss: url, aud: "outrigger", sub: "root", exp: now + 600 }).encode();
  const cut = async (): Promise<string> => (await sign()).replace(/\.[^.]+$/, ".");
  const changed = async (): Promise<string> => {
    const [head, , signature] = (await sign()).split(".");
    const [, body] = (await sign({ sub: "root" })).split(".");
    return [head, body, signature].join(".");
  };

  it.each<[string, () => string | Promise<string>, RegExp]>([
    ["that has expired", () => sign({ exp: now - 31 }), /expired/],
    ["that never expires", () => sign({ exp: undefined }), /claim exp/],
    ["of which the time has not come", () => sign({ nbf: now + 31 }), /claim nbf/],
    ["from the future", () => sign({ iat: now + 31 }), /future/],
    ["for another audience", () => sign({ aud: "somebody-else" }), /audience/],
    ["for an audience that ours begins", () => sign({ aud: "outrigger2" }), /audience/],
    ["for nobody", () => sign({ aud: undefined }), /audience/],
    ["of another issuer", () => sign({ iss: "https://evil.example" }), /no issuer/],
    ["of an issuer that is spelled otherwise", () => sign({ iss: `${url}/` }), /no issuer/],
    ["without a name", () => sign({ sub: undefined }), /claim sub/],
    ["whose name is no text", () => sign({ sub: 7 as unknown as string }), /./],
    ["with alg none", unsecured, /algorithm/],
    ["with HS256 and the public key as its secret", confuse, /algorithm/],
    ["signed by somebody else under the id of a known key", () => sign({}, theirs), /signature/],
    ["without its signature", cut, /./],
    ["with another's claims", changed, /signature/],
    ["that is no JWT", () => "a.b.c", /no issuer/],
    ["that is nothing", () => "", /no issuer/],
  ])("%s", async (_name, make, message) => {
    const verified = await verify(await make());
    expect(verified).toMatchObject({ ok: false, problem: "invalid" });
    expect(verified).toHaveProperty("message", expect.stringMatching(message));
  });

  it("whose header asks for what is not understood", async () => {
    const header = { alg: "ES256", kid: "a", crit: ["x"], x: 1 };
    const signer = new SignJWT({ iss: url, aud: "outrigger", sub: "a", exp: now + 600 }).setProtectedHeader(header);
    const token = await signer.sign(ours.privateKey, { crit: { x: true } });
    expect(await verify(token)).toMatchObject({
      ok: false,
      message: expect.stringContaining("not understood") as string,
    });
  });

  it("within the time by which clocks differ it is not", async () => {
    for (const claims of [{ exp: now - 29 }, { nbf: now + 29 }, { iat: now + 29 }])
      expect(await verify(await sign(claims)), JSON.stringify(claims)).toMatchObject({ ok: true });
  });
});

describe("F-150 keys of an issuer", () => {
  it("are found by the issuer's own description, and are read once for many tokens", async () => {
    for (let sent = 0; sent < 5; sent++) await verify(await sign({ jti: String(sent) }));
    expect(world.fetched).toEqual([`${url}/.well-known/openid-configuration`, `${url}/keys`]);
  });

  it("that are new are taken as soon as a token names one; a flood of ids that nobody knows asks no more often", async () => {
    const next = await makeKey("b");
    expect(await verify(await sign())).toMatchObject({ ok: true });
    for (let sent = 0; sent < 50; sent++) {
      const unknown = { ...theirs, kid: `made-up-${sent}` };
      expect(await verify(await sign({}, unknown))).toMatchObject({ ok: false, problem: "invalid" });
    }
    expect(world.fetched).toHaveLength(2);
    world.keys = [next.jwk];
    world.elapsedMs = 5_001;
    expect(await verify(await sign({}, next))).toMatchObject({ ok: true });
    expect(world.fetched).toHaveLength(4);
    expect(await verify(await sign())).toMatchObject({
      ok: false,
      message: expect.stringContaining("no key") as string,
    });
  });

  it("hold while the issuer is away; where there are none yet, nobody is told that the token is wrong", async () => {
    world.isAway = true;
    expect(await verify(await sign())).toMatchObject({ ok: false, problem: "unavailable" });
    world.isAway = false;
    expect(await verify(await sign())).toMatchObject({ ok: true });
    world.isAway = true;
    world.elapsedMs = 24 * 3_600_000;
    expect(await verify(await sign())).toMatchObject({ ok: true });
    expect(await verify(await sign({}, theirs))).toMatchObject({ ok: false, problem: "invalid" });
  });

  it("are not taken from a description that is one of somebody else", async () => {
    world.said = "https://evil.example";
    expect(await verify(await sign())).toMatchObject({ ok: false, problem: "unavailable" });
    expect(world.fetched).not.toContain(`${url}/keys`);
  });

  it("of no use that was meant refuse the token and nothing else", async () => {
    world.keys = [{ kty: "oct", k: "c2VjcmV0", kid: "a", alg: "HS256" }];
    expect(await verify(await sign())).toMatchObject({ ok: false });
    world.keys = [{ kty: "EC", crv: "P-256", x: "broken", y: "broken", kid: "a" }];
    world.elapsedMs = 600_000;
    expect(await verify(await sign())).toMatchObject({ ok: false });
  });
});
