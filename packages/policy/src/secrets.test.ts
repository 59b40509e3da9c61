import { describe, expect, it } from "vitest";
import { createSecretFinder, describeSecretPattern, secretPatternNames, type SecretPatternName } from "./secrets.ts";

const x = (count: number): string => "aB3".repeat(count).slice(0, count);
const samples: Readonly<Record<SecretPatternName, string>> = {
  AWSKey: "AKIAIOSFODNN7EXAMPLE",
  AnthropicKey: `sk-ant-${x(40)}`,
  AzureStorageKey: `AccountKey=${x(86)}==`,
  BearerToken: `Bearer ${x(30)}=`,
  GitHubToken: `ghp_${x(36)}`,
  GitLabToken: `glpat-${x(20)}`,
  GoogleAPIKey: `AIza${x(35)}`,
  JWT: `eyJ${x(20)}.eyJ${x(30)}.${x(40)}`,
  NPMToken: `npm_${x(36)}`,
  OpenAIKey: `sk-proj-${x(40)}`,
  PEM: `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\n${x(64)}\n-----END RSA PRIVATE KEY-----`,
  SlackToken: `xoxb-${x(24)}`,
  StripeKey: `sk_live_${x(24)}`,
  URLPassword: "postgres://admin:hunter2@",
};

describe("a pattern of secrets", () => {
  it.each(secretPatternNames)(
    "%s finds its secret in a text, replaces all of it, and leaves ordinary words",
    (name) => {
      const finder = createSecretFinder([name]);
      const text = `before ${samples[name]} after`;
      expect(finder?.find(text)).toBe(name);
      expect(finder?.replace(`${text} ${text}`, "[x]")).toBe("before [x] after before [x] after");
      expect(
        finder?.find("The bearer of this letter lives at https://example.com:8080/a@b and owns no key."),
      ).toBeUndefined();
      expect(describeSecretPattern(name)).toMatch(/^[A-Z].+\.$/);
    },
  );

  it("takes time in proportion to the text, also for texts that are made to slow it down", () => {
    const finder = createSecretFinder(secretPatternNames);
    const evil = [
      "eyJ-",
      "eyJaaaaaaaaa.",
      "a://",
      "a",
      "-----BEGIN PRIVATE KEY-----",
      "-",
      "Bearer ",
      "sk-",
      "AKIA",
      "AccountKey=",
      "xoxb-",
      "A://b:",
    ];
    for (const part of evil) {
      const text = part.repeat(1_000_000 / part.length);
      const startedMs = performance.now();
      finder?.find(text);
      finder?.replace(text, "");
      // A tenth of a second in proportion; what grew with the square of the text would take hours.
      expect(performance.now() - startedMs, part).toBeLessThan(10_000);
    }
  });
});
