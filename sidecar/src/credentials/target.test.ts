import { describe, expect, it } from "vitest";
import { judgeTarget, namePrivateHosts } from "./target.ts";

const judge = (url: string, listed: readonly string[] = [], written: readonly string[] = []): string => {
  const target = judgeTarget(new URL(url), namePrivateHosts(listed, written));
  return target.ok ? "yes" : target.expected;
};

describe("F-152 where secrets may go", () => {
  it.each(["https://login.example.com", "https://8.8.8.8/token", "https://[2606:4700::1]/token"])("%s: yes", (url) => {
    expect(judge(url)).toBe("yes");
  });

  it.each([
    "https://10.0.0.1",
    "https://[fd12::1]",
    "https://127.0.0.1",
    "https://0x7f.1",
    "https://localhost",
    "https://a.localhost",
    "https://[::ffff:10.0.0.1]",
    "https://100.64.0.1",
  ])("%s: only where somebody named it", (url) => {
    expect(judge(url)).toContain("privateHosts");
    expect(judge(url, [], [url])).toBe("yes");
    expect(judge(url.replace("https", "http"), [new URL(url).hostname])).toBe("yes");
  });

  it("a public address without TLS: no, whoever wrote it down", () => {
    expect(judge("http://login.example.com", [], ["http://login.example.com"])).toContain("https");
    expect(judge("http://keycloak.auth.svc", ["Keycloak.auth.svc"])).toBe("yes");
  });

  it.each(["https://169.254.169.254", "https://metadata.google.internal", "https://[fe80::1]"])("%s: never", (url) => {
    expect(judge(url, [new URL(url).hostname], [url])).toContain("metadata service");
  });
});
