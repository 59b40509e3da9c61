/** With which credentials a server elsewhere is spoken to, and what becomes of those that are refused or can't be had: the real program. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportJWK, exportPKCS8, generateKeyPair } from "jose";
import type { GuardedServer } from "../fixtures/oauth/guarded-server.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { createVoucher, mountSecret, startBed, untilHealth } from "./credentials-bed.ts";
import { bearer, clientOf, secret, startIssuer, startOrders, startServer } from "./credentials-servers.ts";

async function startRelay(server: GuardedServer, auth: object, files: Readonly<Record<string, string>> = {}) {
  const mounted = await mountSecret({ "auth.yaml": JSON.stringify(auth), ...files });
  const flags = ["--upstream", server.url, "--transport", "streamable-http"];
  return { mounted, bed: await startBed([...flags, "--upstream-auth", join(mounted.folder, "auth.yaml")]) };
}

describe("F-152 credentials from files", () => {
  it("F-152 headers of a mounted Secret are sent with every request, lists and checks too, and a rotated one at once", async () => {
    let wanted = "first-key-of-all";
    const server = await startServer({
      letIn: (headers) => (headers["x-api-key"] === wanted ? String(headers["x-tenant"]) : undefined),
    });
    const auth = { kind: "Headers", headers: { "X-Api-Key": { file: "key" }, "X-Tenant": { value: "acme" } } };
    const { bed, mounted } = await startRelay(server, auth, { key: `${wanted}\n` });
    await untilHealth(bed, /Ready Serving/);
    expect((await bed.call({ "x-api-key": "of-the-client", "x-tenant": "theirs" })).text).toBe("acme");
    expect(server.refusals()).toBe(0);

    wanted = "second-key-of-all";
    await mounted.write({ "auth.yaml": JSON.stringify(auth), key: wanted });
    expect((await bed.call()).text).toBe("acme");
    await bed.expectNowhere(["first-key-of-all", wanted]);
  });

  it("F-152 a refused token is told with its reason, the server turns Dead with it, and a new file brings both back", async () => {
    const server = await startServer({ letIn: bearer("right-token-of-relay") });
    const { bed, mounted } = await startRelay(
      server,
      { kind: "Bearer", token: { file: "token" } },
      { token: "wrong-token-of-relay" },
    );
    await untilHealth(bed, /(Initializing|Dead) UpstreamCredentialsRefused/);
    expect(await bed.call()).toMatchObject({
      status: 503,
      code: 10_503,
      reason: "UpstreamCredentialsRefused",
      retryAfterMs: 10_000,
    });
    await mounted.write({
      "auth.yaml": JSON.stringify({ kind: "Bearer", token: { file: "token" } }),
      token: "right-token-of-relay",
    });
    await untilHealth(bed, /Ready Serving/);
    expect((await bed.call()).text).toBe("the relay");
    await bed.expectNowhere(["wrong-token-of-relay", "right-token-of-relay"]);
  });

  it("F-152 what can't be used is refused when it comes, and the last good credentials stay", async () => {
    const server = await startServer({ letIn: bearer("token-that-stays") });
    const { bed, mounted } = await startRelay(
      server,
      { kind: "Bearer", token: { file: "token" } },
      { token: "token-that-stays" },
    );
    await untilHealth(bed, /Ready Serving/);
    await mounted.write({
      "auth.yaml": 'kind: Bearer\ntoken: "token-in-the-wrong-place"\n',
      token: "token-that-stays",
    });
    await waitFor("the refusal to be told", async () => (await bed.readyz()).includes("auth.yaml: token: expected"));
    expect((await bed.call()).text).toBe("the relay");
    await bed.expectNowhere(["token-that-stays", "token-in-the-wrong-place"]);
  });
});

describe("F-152 OAuth client credentials", () => {
  it.each([
    ["client_secret_basic", {}],
    ["client_secret_post", { method: "client_secret_post" }],
  ])("F-152 by %s: one token for all calls, for the server that it is meant for", async (method, more) => {
    const issuer = await startIssuer({ path: "/tenant" });
    const server = await startOrders(issuer);
    const auth = clientOf(issuer, { scopes: ["orders:read", "orders:write"], ...more });
    const { bed } = await startRelay(server, auth, { "client-secret": secret });
    await untilHealth(bed, /Ready Serving/);
    const replies = await Promise.all(Array.from({ length: 20 }, () => bed.call()));
    expect(new Set(replies.map(({ text }) => text))).toEqual(new Set(["relay"]));
    expect(issuer.asked).toEqual([
      expect.objectContaining({
        grant: "client_credentials",
        client: "relay",
        method,
        scope: "orders:read orders:write",
        resource: server.url,
      }),
    ]);
    expect(await bed.metrics()).toContain('outrigger_sidecar_credentials_tokens_total{for="sidecar",result="ok"} 1');
    await bed.expectNowhere([secret, ...issuer.given]);
  });

  it.each(["RS256", "ES256", "EdDSA"])(
    "F-152 by private_key_jwt with a key of %s, found by OpenID metadata",
    async (algorithm) => {
      const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), alg: algorithm, kid: "one" };
      const issuer = await startIssuer({ clients: { relay: { publicKey: jwk } }, isOpenId: true, path: "/realms/a" });
      const server = await startOrders(issuer);
      const auth = { ...clientOf(issuer), clientSecret: undefined, privateKey: { file: "key.pem" }, keyId: "one" };
      const pem = await exportPKCS8(privateKey);
      const { bed } = await startRelay(server, auth, { "key.pem": pem });
      await untilHealth(bed, /Ready Serving/);
      expect((await bed.call()).text).toBe("relay");
      expect(issuer.asked[0]?.method).toBe("private_key_jwt");
      await bed.expectNowhere([pem.split("\n")[1] ?? "", ...issuer.given]);
    },
  );

  it("F-152 a token is renewed before its end, by one request whoever waits", async () => {
    const issuer = await startIssuer();
    issuer.behaviour.lifeSeconds = 2;
    const server = await startOrders(issuer);
    const { bed } = await startRelay(server, clientOf(issuer), { "client-secret": secret });
    await untilHealth(bed, /Ready Serving/);
    await waitFor("several tokens", async () => {
      const replies = await Promise.all(Array.from({ length: 5 }, () => bed.call()));
      expect(replies.map(({ text }) => text)).toEqual(replies.map(() => "relay"));
      return issuer.asked.length >= 3;
    });
    // Whatever was refused would have been renewed by that, and not by time.
    expect(server.refusals()).toBe(0);
  });

  it("F-152 a token that the server refuses is replaced once, and no call is lost or run twice", async () => {
    const issuer = await startIssuer();
    const server = await startOrders(issuer);
    const { bed } = await startRelay(server, clientOf(issuer), { "client-secret": secret });
    await untilHealth(bed, /Ready Serving/);
    await waitFor(
      "a token that is not young",
      async () => Number(/ends in (\d+) s/.exec(await bed.readyz())?.[1]) < 3_598,
    );
    issuer.revoke(issuer.given.at(-1) ?? "");
    const before = [issuer.asked.length, server.ran.length] as const;
    const replies = await Promise.all(Array.from({ length: 20 }, () => bed.call()));
    expect(replies.map(({ text }) => text)).toEqual(replies.map(() => "relay"));
    expect([issuer.asked.length, server.ran.length]).toEqual([before[0] + 1, before[1] + 20]);
    await bed.expectNowhere([secret, ...issuer.given]);
  });

  it("F-152 an issuer that is away fails calls with the time to wait, and the server turns Dead with the reason", async () => {
    const issuer = await startIssuer();
    issuer.behaviour.fault = { status: 503, body: `<html>${secret}</html>`, headers: { "retry-after": "7" } };
    const server = await startOrders(issuer);
    const { bed } = await startRelay(server, clientOf(issuer), { "client-secret": secret });
    await untilHealth(bed, /(Initializing|Dead) UpstreamCredentialsUnavailable/);
    const reply = await bed.call();
    expect(reply).toMatchObject({ status: 503, code: 10_503, reason: "UpstreamCredentialsUnavailable" });
    expect(reply.retryAfterMs).toBeLessThanOrEqual(7_000);
    expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(0);
    // It asked to be left alone for a while.
    expect(issuer.asked).toHaveLength(1);
    issuer.behaviour.fault = undefined;
    await untilHealth(bed, /Ready Serving/);
    expect((await bed.call()).text).toBe("relay");
    await bed.expectNowhere([secret, ...issuer.given]);
  });

  it("F-152 a wrong secret is told by the code of the error alone, whatever else the issuer says", async () => {
    const issuer = await startIssuer();
    const server = await startOrders(issuer);
    const wrong = "not-the-secret-of-it";
    const { bed } = await startRelay(server, clientOf(issuer, { method: "client_secret_post" }), {
      "client-secret": wrong,
    });
    await untilHealth(bed, /(Initializing|Dead) UpstreamCredentialsRefused/);
    expect(await bed.readyz()).toContain("the token endpoint answered with HTTP 401 and invalid_client");
    expect(await bed.call()).toMatchObject({ reason: "UpstreamCredentialsRefused" });
    await bed.expectNowhere([wrong]);
  });
});

describe("F-152 tokens per caller", () => {
  async function startPerCaller(more: object = {}) {
    const voucher = await createVoucher();
    const issuer = await startIssuer({ assertionKeys: voucher.keys, assertionAudience: voucher.audience });
    const server = await startOrders(issuer);
    const auth = clientOf(issuer, { perCaller: true, ...more });
    const mounted = await mountSecret({ "auth.yaml": JSON.stringify(auth), "client-secret": secret });
    const file = ["--upstream-auth", join(mounted.folder, "auth.yaml")];
    const bed = await startBed(["--upstream", server.url, "--transport", "streamable-http", ...file, ...voucher.flags]);
    await untilHealth(bed, /Ready Serving/);
    return { voucher, issuer, server, bed };
  }

  it("F-152 each caller's calls carry a token that was exchanged for it, once for several calls", async () => {
    const { voucher, issuer, server, bed } = await startPerCaller({ audience: "orders" });
    const [ann, bob] = [await voucher.headerFor("ann"), await voucher.headerFor("bob")];
    const replies = await Promise.all([ann, bob, ann, bob, ann].map((headers) => bed.call(headers)));
    expect(replies.map(({ text }) => text)).toEqual(["ann", "bob", "ann", "bob", "ann"]);
    const exchanges = issuer.asked.filter(({ grant }) => grant.endsWith("token-exchange"));
    expect(exchanges.map(({ subject }) => subject).toSorted()).toEqual(["ann", "bob"]);
    expect(exchanges[0]).toMatchObject({ client: "relay", resource: server.url, audience: "orders" });
    expect(server.ran.every(({ headers }) => headers["outrigger-caller"] === undefined)).toBe(true);
    expect(await bed.metrics()).toContain('outrigger_sidecar_credentials_tokens_total{for="caller",result="ok"} 2');
    expect(await bed.metrics()).toContain("outrigger_sidecar_credentials_callers 2");
    await bed.expectNowhere([secret, ann["outrigger-caller"] ?? "", ...issuer.given]);
  });

  it("F-152 nobody is served with the sidecar's own token: neither who is unknown nor who is refused", async () => {
    const { voucher, issuer, server, bed } = await startPerCaller();
    expect(await bed.call()).toMatchObject({ status: 401, reason: "CallerUnverified" });
    const anonymous = await voucher.headerFor("nobody", { kind: "Anonymous" });
    expect(await bed.call(anonymous)).toMatchObject({ status: 401, reason: "CallerUnverified" });
    issuer.behaviour.fault = { status: 400, body: '{"error":"invalid_target"}' };
    expect(await bed.call(await voucher.headerFor("eve"))).toMatchObject({
      status: 503,
      reason: "UpstreamCredentialsRefused",
    });
    expect(server.ran).toEqual([]);
    // That concerns those callers: the server is well, and others are served.
    expect(await bed.health()).toBe("Ready Serving");
    issuer.behaviour.fault = undefined;
    expect((await bed.call(await voucher.headerFor("ann"))).text).toBe("ann");
  });
});

describe("F-152 what a client shows", () => {
  const shown = {
    authorization: "Bearer of-the-client",
    cookie: "session=of-the-client",
    "x-api-key": "of-the-client",
  };
  // Where the sidecar has credentials it is a relay, wherever the server is.
  const auth = { kind: "Headers", headers: { "x-relay": { file: "key" } } };
  const startOpen = () =>
    startServer({ letIn: () => "anybody", headers: { "set-cookie": "session=of-the-relay; HttpOnly" } });

  it("F-152 passes to no server elsewhere, and what that one would have a client keep comes to none", async () => {
    const server = await startOpen();
    const { bed } = await startRelay(server, auth, { key: "key-of-the-relay" });
    const reply = await bed.call({ ...shown, "x-trace": "kept" });
    expect(reply.headers.get("set-cookie")).toBeNull();
    const { headers } = server.ran[0] ?? {};
    expect(headers).toMatchObject({ "x-relay": "key-of-the-relay", "x-trace": "kept" });
    expect(Object.keys(headers ?? {})).not.toEqual(expect.arrayContaining(Object.keys(shown)));
    for (const name of Object.keys(shown)) expect(headers?.[name]).toBeUndefined();
  });

  it("F-152 passes where it is named in so many words, and nothing else with it", async () => {
    const server = await startOpen();
    const mounted = await mountSecret({ "auth.yaml": JSON.stringify(auth), key: "key-of-the-relay" });
    const file = ["--upstream-auth", join(mounted.folder, "auth.yaml")];
    const bed = await startBed(["--upstream", server.url, ...file, "--pass-through", "cookie"]);
    const reply = await bed.call(shown);
    expect(server.ran[0]?.headers.cookie).toBe(shown.cookie);
    expect(server.ran[0]?.headers.authorization).toBeUndefined();
    expect(reply.headers.get("set-cookie")).toContain("of-the-relay");
  });

  it("passes to the server beside the sidecar as before", async () => {
    const server = await startOpen();
    const bed = await startBed(["--upstream", server.url]);
    await bed.call(shown);
    expect(server.ran[0]?.headers).toMatchObject(shown);
  });
});
