import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxCredentialChars, readCredential } from "./credentials.ts";

const read = (rawHeaders: readonly string[], url = "/mcp") => readCredential({ url, rawHeaders });

describe("the credential of a request", () => {
  it("is the one bearer token or the one key in its headers", () => {
    expect(read([])).toEqual({ kind: "none" });
    expect(read(["Accept", "x", "AUTHORIZATION", "bearer a.b-c~d+/="])).toEqual({
      kind: "credential",
      text: "a.b-c~d+/=",
    });
    expect(read(["X-Api-Key", " ork_x "])).toEqual({ kind: "credential", text: "ork_x" });
  });

  it.each([
    ["two Authorization headers", ["Authorization", "Bearer a", "authorization", "Bearer b"]],
    ["the same one twice", ["Authorization", "Bearer a", "Authorization", "Bearer a"]],
    ["a token and a key", ["Authorization", "Bearer a", "X-API-Key", "b"]],
    ["one that is none beside a key", ["Authorization", "Basic a", "X-API-Key", "b"]],
    ["two keys", ["X-API-Key", "a", "x-api-key", "b"]],
    ["another scheme", ["Authorization", "Basic YTpi"]],
    ["no token", ["Authorization", "Bearer"]],
    ["two tokens in one header", ["Authorization", "Bearer a, Bearer b"]],
    ["an empty key", ["X-API-Key", ""]],
    ["one that is too long", ["Authorization", `Bearer ${"a".repeat(maxCredentialChars + 1)}`]],
  ])("is not taken where there is/are %s", (_name, headers) => {
    expect(read(headers)).toMatchObject({ kind: "malformed" });
  });

  it("is never taken from the query, also beside one in the header", () => {
    for (const name of ["access_token", "token", "api_key", "X-API-Key", "Access_Token"]) {
      expect(read([], `/mcp?a=1&${name}=secret`), name).toMatchObject({ kind: "malformed" });
      expect(read(["Authorization", "Bearer a"], `/mcp?${name}=`), name).toMatchObject({ kind: "malformed" });
    }
    expect(read([], "/mcp?sessionId=x&tokens=3")).toEqual({ kind: "none" });
  });

  it("is read from anything without failing, and what is refused is never repeated", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), (rawHeaders, url) => {
        const presented = readCredential({ rawHeaders, url });
        expect(["none", "credential", "malformed"]).toContain(presented.kind);
      }),
    );
    expect(JSON.stringify(read(["Authorization", "Basic c2VjcmV0"]))).not.toContain("c2VjcmV0");
  });
});
