import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { createAttempts } from "./attempts.ts";
import { chooseVerifier, createAuthenticate, type AuthWays } from "./authenticate.ts";
import type { Principal } from "./principal.ts";
import { createRemembering } from "./remember.ts";
import { invalid, type Verified } from "./verified.ts";

const user = (name: string): Principal => ({ kind: "User", name, groups: [], claims: {} });
const key = `ork_${"k".repeat(43)}`;

function makeDoor(more: Partial<AuthWays> = {}) {
  const asked: string[] = [];
  const outcomes = new Map<string, Verified>([
    ["good", { ok: true, principal: user("alice"), untilMs: 60_000 }],
    ["narrow", { ok: false, problem: "insufficient", message: "m", scopes: ["s"] }],
    ["silent", { ok: false, problem: "unavailable", message: "m" }],
  ]);
  const clock = { nowMs: 0 };
  const tokens = createRemembering(
    (token) => {
      asked.push(token);
      return Promise.resolve(outcomes.get(token) ?? invalid("no"));
    },
    () => clock.nowMs,
  );
  const authenticate = createAuthenticate({
    tokens,
    holderOfKey: (text) => (text === key ? user("key:ci") : undefined),
    attempts: createAttempts({ most: 2, eachMs: 1_000, maxAddresses: 10 }),
    nowMs: () => clock.nowMs,
    ...more,
  });
  const ask = (credential: string | undefined, address = "a") => {
    const rawHeaders = credential === undefined ? [] : ["Authorization", `Bearer ${credential}`];
    return authenticate({ url: "/mcp", rawHeaders } as unknown as IncomingMessage, address);
  };
  return { ask, asked, clock };
}

describe("F-150 who makes a request", () => {
  it("is known by a token or a key, and a token is looked at once while it is remembered", async () => {
    const { ask, asked, clock } = makeDoor();
    for (let sent = 0; sent < 3; sent++) expect(await ask("good")).toMatchObject({ principal: { name: "alice" } });
    expect(asked).toEqual(["good"]);
    clock.nowMs = 60_000;
    await Promise.all([ask("good"), ask("good")]);
    expect(asked).toEqual(["good", "good"]);
    expect(await ask(key)).toMatchObject({ principal: { name: "key:ci" } });
  });

  it("is told apart: no credential, a wrong one, one that is not enough, one that nobody can judge now", async () => {
    const { ask } = makeDoor();
    expect(await ask(undefined)).toMatchObject({ reason: "CredentialsMissing" });
    expect(await ask("bad")).toMatchObject({ reason: "CredentialsInvalid", error: "invalid_token" });
    expect(await ask(`ork_${"x".repeat(43)}`)).toMatchObject({
      reason: "CredentialsInvalid",
      message: "Nobody holds this API key.",
    });
    expect(await makeDoor().ask("narrow")).toMatchObject({
      reason: "InsufficientScope",
      error: "insufficient_scope",
      scopes: ["s"],
    });
    expect(await makeDoor().ask("silent")).toMatchObject({ reason: "IdentityUnavailable", retryAfterSeconds: 5 });
  });

  it("has to wait after too many wrong credentials, and whoever is known already does not", async () => {
    const { ask, asked, clock } = makeDoor();
    await ask("good");
    await ask("bad1");
    await ask("bad2");
    expect(await ask("bad3")).toMatchObject({ reason: "FloodLimited", retryAfterSeconds: 1 });
    expect(asked).not.toContain("bad3");
    expect(await ask(key)).toMatchObject({ reason: "FloodLimited" });
    expect(await ask("good")).toMatchObject({ ok: true });
    expect(await ask(undefined)).toMatchObject({ reason: "CredentialsMissing" });
    expect(await ask(key, "b")).toMatchObject({ ok: true });
    clock.nowMs = 1_000;
    expect(await ask(key)).toMatchObject({ ok: true });
  });

  it("is said by a certificate only where there is no other credential; a wrong one is not passed over", async () => {
    const { ask } = makeDoor({ bearerOfCertificate: () => user("cn:ci") });
    expect(await ask(undefined)).toMatchObject({ principal: { name: "cn:ci" } });
    expect(await ask("good")).toMatchObject({ principal: { name: "alice" } });
    expect(await ask("bad")).toMatchObject({ reason: "CredentialsInvalid" });
  });

  it("is remembered to be nobody for a while only, so that a token that becomes right is taken", async () => {
    const { ask, asked, clock } = makeDoor();
    await ask("bad");
    await ask("bad", "b");
    expect(asked).toEqual(["bad"]);
    clock.nowMs = 10_000;
    await ask("bad");
    expect(asked).toEqual(["bad", "bad"]);
    await ask("silent");
    await ask("silent");
    expect(asked.filter((each) => each === "silent")).toHaveLength(2);
  });

  it("is told with the way in which it was found out, also where it was refused", async () => {
    const { ask } = makeDoor();
    expect(await ask(key)).toMatchObject({ ok: true, method: "api-key" });
    expect(await ask(`ork_${"x".repeat(43)}`)).toMatchObject({ ok: false, method: "api-key" });
    expect(await makeDoor({ bearerOfCertificate: () => user("cn:ci") }).ask(undefined)).toMatchObject({
      method: "mtls",
    });
    // What names no issuer that is trusted was looked at in no way.
    expect(await ask("bad")).not.toHaveProperty("method");
    expect(await ask(undefined)).not.toHaveProperty("method");
  });

  it("may be said by no way that is off", async () => {
    const none = makeDoor({ tokens: undefined, holderOfKey: undefined });
    expect(await none.ask("good")).toMatchObject({ message: "Tokens are not taken here." });
    expect(await none.ask(key)).toMatchObject({ message: "API keys are not taken here." });
  });
});

it("asks the API server only about what no trusted issuer has given out, and is a token at all", () => {
  const on = { methods: new Set(["oidc", "service-account"] as const), issuers: new Set(["https://a"]) };
  expect(chooseVerifier("https://a", on)).toBe("oidc");
  expect(chooseVerifier("https://kubernetes", on)).toBe("service-account");
  expect(chooseVerifier(undefined, on)).toBeUndefined();
  expect(chooseVerifier("https://kubernetes", { ...on, methods: new Set(["oidc"] as const) })).toBeUndefined();
});
