import { expect, it } from "vitest";
import { checkAddress } from "./fetch-document.ts";

const check = (text: string, network: "public" | "cluster") => checkAddress(new URL(text), network);

it("asks public issuers at public addresses by https alone, and those of the cluster nowhere where no issuer is", () => {
  expect(check("https://login.example/keys", "public")).toBeUndefined();
  for (const text of [
    "https://10.0.0.1",
    "https://127.0.0.1",
    "https://[::1]",
    "https://localhost",
    "https://[fd00::1]",
    "http://login.example",
  ])
    expect(check(text, "public"), text).toMatch(/expected/);
  for (const text of ["http://dex.auth:5556", "https://10.0.0.1", "http://localhost:1"])
    expect(check(text, "cluster"), text).toBeUndefined();
  for (const text of [
    "http://169.254.169.254/",
    "https://metadata.google.internal",
    "http://[fe80::1]",
    "file:///etc/passwd",
  ])
    expect(check(text, "cluster"), text).toMatch(/expected/);
});
