import { describe, expect, it } from "vitest";
import { parseIssuers } from "./issuers.ts";

describe("the setting of issuers", () => {
  it("takes pairs, of which those of one issuer are one", () => {
    expect(
      parseIssuers("https://a.example/=x, https://b.example=https://tools.example/mcp,https://a.example/=y"),
    ).toEqual({
      ok: true,
      value: [
        expect.objectContaining({
          url: "https://a.example/",
          audiences: ["x", "y"],
          prefix: "https://a.example/#",
          name: "sub",
        }),
        expect.objectContaining({
          url: "https://b.example",
          audiences: ["https://tools.example/mcp"],
          network: "public",
        }),
      ],
    });
  });

  it("takes JSON with more to say of each", () => {
    const issuer = {
      ...{
        url: "http://dex.auth:5556",
        audiences: ["x"],
        name: "email",
        groups: "roles",
        claims: ["team"],
        scopes: ["tools"],
      },
      ...{ prefix: "", network: "cluster" },
    };
    expect(parseIssuers(JSON.stringify([issuer]))).toEqual({ ok: true, value: [issuer] });
  });

  it.each([
    ["", /URL=AUDIENCE/],
    ["https://a.example", /URL=AUDIENCE/],
    ["https://a.example=", /URL=AUDIENCE/],
    ["[]", /URL=AUDIENCE/],
    ["[{]", /URL=AUDIENCE/],
    ["http://a.example=x", /an https address for http:\/\/a.example, or network cluster/],
    ["a.example=x", /url: the address of an issuer/],
    ["https://a.example?x=y", /url: the address of an issuer/],
    ['[{"url":"https://a.example"}]', /audiences: at least one/],
    ['[{"url":"https://a.example","audiences":[]}]', /audiences: at least one/],
    [
      '[{"url":"https://a.example","audiences":["x"],"audience":"y"}]',
      /no member "audience" of an issuer; known are url/,
    ],
    ['[{"url":"https://a.example","audiences":["x"],"name":""}]', /names of claims/],
    ['[{"url":"https://a.example","audiences":["x"],"scopes":"a"}]', /lists of texts/],
    ['[{"url":"https://a.example","audiences":["x"],"network":"any"}]', /public or cluster/],
    ["[1]", /an object for each issuer/],
  ])("refuses %j and says what would be right", (text, expected) => {
    expect(parseIssuers(text)).toMatchObject({ ok: false, expected: expect.stringMatching(expected) as string });
  });

  it("refuses issuers of which two could name one caller", () => {
    const issuer = (name: string, prefix?: string) => ({ url: `https://${name}.example`, audiences: ["x"], prefix });
    for (const list of [
      [issuer("a"), issuer("a")],
      [issuer("a", ""), issuer("b")],
      [issuer("a", "p"), issuer("b", "pq")],
      [issuer("a", "p"), issuer("b", "p")],
    ])
      expect(parseIssuers(JSON.stringify(list)).ok).toBe(false);
    expect(parseIssuers(JSON.stringify([issuer("a", "p:"), issuer("b", "q:")])).ok).toBe(true);
  });
});
