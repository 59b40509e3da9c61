import { describe, expect, it } from "vitest";
import { readAggregatorSettings } from "../settings.ts";
import { isLoopback, openWithoutAuth } from "./auth-settings.ts";

const read = (...argv: string[]) => readAggregatorSettings({ argv: ["--servers", "f", ...argv], env: {} });
const problemsOf = (...argv: string[]) => {
  const result = read(...argv);
  return result.ok ? [] : result.problems;
};

describe("F-150 an endpoint is open to everybody only in so many words", () => {
  it("listens elsewhere than on loopback only where --auth says who is let in", () => {
    for (const listen of ["0.0.0.0:7777", "[::]:7777", "10.0.0.1:1", "tools.example:1"]) {
      expect(problemsOf("--listen", listen), listen).toEqual([openWithoutAuth]);
      expect(read("--listen", listen, "--auth", "none").ok, listen).toBe(true);
    }
    for (const listen of ["7777", "127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1"])
      expect(read("--listen", listen).ok, listen).toBe(true);
    expect(["127.0.0.1.evil", "1270.0.0.1", "::", ""].some(isLoopback)).toBe(false);
  });

  it("takes methods together, and none alone", () => {
    const issuers = ["--oidc-issuers", "https://a.example=x"];
    expect(read("--auth", "oidc, api-key", ...issuers, "--api-keys", "f")).toMatchObject({
      settings: { auth: ["oidc", "api-key"] },
    });
    for (const text of ["none,oidc", "oidc,oidc", "", "jwt", "oidc,"]) {
      expect(problemsOf("--auth", text, ...issuers)[0], text).toMatch(
        /^--auth: expected oidc, service-account, api-key, mtls/,
      );
    }
  });
});

it.each([
  [["--auth", "oidc"], "--auth oidc and --oidc-issuers go together"],
  [["--oidc-issuers", "https://a.example=x"], "--auth oidc and --oidc-issuers go together"],
  [["--auth", "api-key"], "--auth api-key and --api-keys go together"],
  [["--auth", "none", "--api-keys", "f"], "--auth api-key and --api-keys go together"],
  [["--auth", "service-account"], "--auth service-account goes with --kube"],
  [["--auth", "mtls", "--tls-cert", "c", "--tls-key", "k"], "--auth mtls and --tls-client-ca go together"],
  [["--auth", "mtls", "--tls-client-ca", "c"], "--auth mtls needs --tls-cert"],
  [["--tls-cert", "c"], "--tls-cert and --tls-key go together"],
  [["--client-cert-header", "client-cert"], "--client-cert-header goes with --auth mtls"],
  [
    ["--auth", "mtls", "--tls-client-ca", "c", "--client-cert-header", "client-cert"],
    "--client-cert-header needs --trust-proxies",
  ],
  [["--client-cert-header", "Authorization"], "--client-cert-header: expected the name of a header"],
  [["--public-url", "https://x/a", "--base-path", "/b"], "--public-url ends with the path of --base-path"],
])("F-150 refuses %j, which can't be meant", (argv, problem) => {
  expect(problemsOf(...argv).join("\n")).toContain(problem);
});
