import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { metadataPaths, readMetadata, readTokenAnswer } from "./token-answer.ts";
import { buildTokenRequest } from "./token-form.ts";

const read = (status: number, body: unknown, retryAfter?: string) =>
  readTokenAnswer({ status, body: typeof body === "string" ? body : JSON.stringify(body), retryAfter });

describe("the answer of a token endpoint", () => {
  it("gives a token with its life", () => {
    const answer = read(200, { access_token: "abc", token_type: "bearer", expires_in: 60 });
    expect(answer).toEqual({ ok: true, value: "abc", lifeMs: 60_000 });
  });

  it.each([
    [{ access_token: "a\r\nb: c", token_type: "Bearer" }, "Unavailable"],
    [{ access_token: "a b", token_type: "Bearer" }, "Unavailable"],
    [{ access_token: "", token_type: "Bearer" }, "Unavailable"],
    [{ access_token: "abc", token_type: "DPoP" }, "Refused"],
    [{ access_token: "abc" }, "Refused"],
    [{ access_token: "abc", token_type: "Bearer", expires_in: 0 }, "Unavailable"],
    [{ access_token: "abc", token_type: "Bearer", expires_in: "-60" }, "Unavailable"],
    [["abc"], "Unavailable"],
    ["<html>", "Unavailable"],
  ])("%j is no token that could be used: %s", (body, kind) => {
    expect(read(200, body)).toMatchObject({ ok: false, kind });
  });

  it.each([
    [400, { error: "invalid_scope" }, "Refused"],
    [401, { error: "invalid_client" }, "Refused"],
    [400, { error: "temporarily_unavailable" }, "Unavailable"],
    [302, "", "Unavailable"],
    [429, "", "Unavailable"],
    [503, "", "Unavailable"],
  ])("%i with %j is told as %s", (status, body, kind) => {
    expect(read(status, body)).toMatchObject({ ok: false, kind });
  });

  it.each([undefined, null, "soon", {}, Number.NaN])("says nothing of the token's life by expires_in %j", (life) => {
    const answer = read(200, { access_token: "abc", token_type: "Bearer", expires_in: life });
    expect(answer).toEqual({ ok: true, value: "abc", lifeMs: undefined });
  });

  it("may say when to come again, within bounds", () => {
    expect(read(503, "", "7")).toMatchObject({ retryAfterMs: 7_000 });
    expect(read(503, "", "999999")).toMatchObject({ retryAfterMs: 300_000 });
    expect(read(503, "", "soon")).not.toHaveProperty("retryAfterMs");
  });

  it("is never repeated, but for an error code", () => {
    fc.assert(
      fc.property(fc.constantFrom(200, 400, 401, 500), fc.string({ minLength: 6 }), (status, text) => {
        const said = `canary ${text}`;
        for (const body of [said, { error: said, error_description: said }, { token_type: said, access_token: said }]) {
          const answer = read(status, body);
          expect(!answer.ok && answer.message.includes("canary")).toBe(false);
        }
      }),
    );
  });
});

it("metadata are looked for where both standards have them, each place once", () => {
  expect(metadataPaths("https://a.example")).toEqual([
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
  ]);
  expect(metadataPaths("https://a.example/realms/b")).toEqual([
    "/.well-known/oauth-authorization-server/realms/b",
    "/.well-known/openid-configuration/realms/b",
    "/realms/b/.well-known/openid-configuration",
  ]);
});

it("metadata of another issuer are none", () => {
  const body = JSON.stringify({ issuer: "https://evil.example", token_endpoint: "https://evil.example/token" });
  expect(readMetadata(body, "https://a.example")).toEqual({ ok: false, message: "its metadata name another issuer" });
});

it("an id and a secret of any letters are written so that they can be read again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (id, secret) => {
      const wish = { scopes: [], resource: undefined, audience: undefined, subject: undefined };
      const { headers } = buildTokenRequest(id, { method: "client_secret_basic", secret }, wish);
      const pair = Buffer.from((headers.at(-1) ?? "").replace("Basic ", ""), "base64").toString("utf8");
      const parts = pair.split(":").map((part) => new URLSearchParams(`a=${part}`).get("a"));
      expect(parts).toEqual([id, secret].map((text) => new URLSearchParams(new URLSearchParams({ a: text })).get("a")));
    }),
  );
});
