import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameAudience, readCallerAssertion, type CallerAudience } from "./caller.ts";
import { parseDnsLabel, parseServerName } from "./values.ts";

const good = { aud: "outrigger:tools/orders", sub: "ann", kind: "User", iat: 1_000, exp: 1_300 };

const audience: fc.Arbitrary<CallerAudience> = fc.record({
  namespace: fc.stringMatching(/^[a-z0-9-]{1,9}$/).filter((text) => parseDnsLabel(text).ok),
  server: fc.string({ minLength: 1, maxLength: 9, unit: "grapheme" }).filter((text) => parseServerName(text).ok),
});

describe("the audience of an assertion", () => {
  it("is the server's name as a URI, as claims of JWTs are written", () => {
    expect(nameAudience({ namespace: "tools", server: "orders" })).toBe("outrigger:tools/orders");
    expect(nameAudience({ namespace: "local", server: "Größe: 2?" })).toBe("outrigger:local/Gr%C3%B6%C3%9Fe%3A%202%3F");
    fc.assert(
      fc.property(audience, (each) => {
        expect(new URL(nameAudience(each)).href).toBe(nameAudience(each));
      }),
    );
  });

  it("is another one for every other server", () => {
    fc.assert(
      fc.property(audience, audience, (one, other) => {
        const isSame = one.namespace === other.namespace && one.server === other.server;
        expect(nameAudience(one) === nameAudience(other)).toBe(isSame);
      }),
    );
  });
});

describe("an assertion", () => {
  it("is taken with the claims of a JWT and ours", () => {
    const whole = { ...good, iss: "https://tools.example", groups: ["ops"], claims: { team: "red" } };
    expect(readCallerAssertion(whole)).toEqual({ ok: true, value: whole });
    expect(readCallerAssertion(good).ok).toBe(true);
  });

  it.each([
    ["several audiences", { aud: [good.aud] }],
    ["the audience as an object", { aud: { namespace: "tools", server: "orders" } }],
    ["no audience", { aud: undefined }],
    ["an issuer that is no text", { iss: 1 }],
    ["a claim that nobody knows", { nbf: 1_000 }],
    ["a life of more than five minutes", { exp: 1_301 }],
  ])("is refused with %s", (_what, change) => {
    expect(readCallerAssertion({ ...good, ...change }).ok).toBe(false);
  });
});
