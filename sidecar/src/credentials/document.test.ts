import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filesOf, parseAuthDocument } from "./document.ts";

const client = { kind: "ClientCredentials", issuer: "https://a.example", clientId: "c", clientSecret: { file: "s" } };

const problemsOf = (value: unknown): string[] => {
  const read = parseAuthDocument(value);
  return read.ok ? [] : read.problems.map(({ path, expected }) => `${path.join(".")}: ${expected}`);
};

describe("the document of credentials", () => {
  it.each([
    [{ kind: "Headers", headers: { "X-Api-Key": { file: "key" }, "x-tenant": { value: "a" } } }, ["key"]],
    [{ kind: "Bearer", token: { file: "token" } }, ["token"]],
    [client, ["s"]],
    [{ ...client, clientSecret: undefined, privateKey: { file: "k" }, method: "private_key_jwt" }, ["k"]],
    [{ ...client, issuer: undefined, tokenEndpoint: "https://a/token", perCaller: true, resource: "none" }, ["s"]],
  ])("%j is one, with its files", (value, files) => {
    const read = parseAuthDocument(JSON.parse(JSON.stringify(value)));
    expect(read.ok && filesOf(read.document)).toEqual(files);
  });

  it.each([
    [[], ": an object"],
    [{}, "kind: Headers or Bearer or ClientCredentials"],
    [{ kind: "Bearer", token: "s3cret" }, 'token: {"file": "NAME"}'],
    [{ kind: "Bearer", token: { file: "t", value: "s3cret" } }, "token.value: no such key; known are file"],
    [
      { kind: "Bearer", token: { file: "t" }, header: "s3cret" },
      "header: no such key; known are kind, privateHosts, token",
    ],
    [{ kind: "Headers", headers: {} }, "headers: at least one header"],
    [
      { kind: "Headers", headers: { Host: { value: "a" } } },
      "headers.Host: the name of a header that is not the message's own",
    ],
    [{ kind: "Headers", headers: { a: { value: "s3cret\r\nb: c" } } }, "headers.a.value: a text"],
    [
      { kind: "Headers", headers: { a: { value: "1" }, A: { value: "2" } } },
      "headers: each header once, whatever the case of its letters",
    ],
    [{ ...client, tokenEndpoint: "https://a/token" }, ": either issuer or tokenEndpoint"],
    [
      { ...client, issuer: "https://u:s3cret@a.example" },
      "issuer: an address such as https://login.example.com, without query and fragment",
    ],
    [{ ...client, privateKey: { file: "k" } }, ": either clientSecret or privateKey"],
    [{ ...client, method: "private_key_jwt" }, "method: client_secret_basic or client_secret_post, with clientSecret"],
    [{ ...client, scopes: ["a b"] }, "scopes.0: scopes, each without spaces"],
    [{ ...client, perCaller: "yes" }, "perCaller: true or false"],
    [{ ...client, resource: "https://a/#b" }, 'resource: an absolute URL without a fragment, or "none"'],
  ])("%j is none, and says what was expected where", (value, problem) => {
    const problems = problemsOf(value);
    expect(problems).toContain(problem);
    expect(problems.join()).not.toContain("s3cret");
  });

  it("is read from any value without an exception, and never repeats what stands in it", () => {
    const canary = "canary-of-a-secret";
    const value = fc.oneof(fc.constant(canary), fc.object({ values: [fc.constant(canary), fc.boolean(), fc.nat()] }));
    fc.assert(
      fc.property(fc.constantFrom("Headers", "Bearer", "ClientCredentials"), value, (kind, given) => {
        const problems = problemsOf({
          kind,
          headers: given,
          token: given,
          issuer: given,
          clientSecret: given,
          scopes: [given],
        });
        expect(problems.join()).not.toContain(canary);
      }),
    );
  });
});
