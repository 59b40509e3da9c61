import { expect, it } from "vitest";
import { checkNames } from "./guard.ts";

const none = { hosts: [], origins: [] };
const some = { hosts: ["outrigger.tools.svc"], origins: ["https://app.example", "intranet"] };

it("accepts loopback names and addresses with and without port, and configured hosts", () => {
  for (const host of ["localhost:7777", "127.0.0.1", "[::1]:80", "LOCALHOST", "10.1.2.3:7777", "[fd00::7]"]) {
    expect(checkNames({ host }, none), host).toBeUndefined();
  }
  expect(checkNames({ host: "outrigger.tools.svc:7777" }, some)).toBeUndefined();
});

it("refuses every other host, also malformed and absent ones", () => {
  for (const host of [
    "evil.example",
    "localhost.evil.example",
    "localhost:80@evil",
    "",
    undefined,
    "a b",
    "10.1.2.3.evil",
    "[evil]",
  ]) {
    expect(checkNames({ host }, some), String(host)).toBe("HostNotAllowed");
  }
});

it("accepts no Origin, loopback origins and configured ones, and refuses the rest", () => {
  const host = "localhost";
  for (const origin of [undefined, "http://localhost:6274", "https://app.example", "http://intranet:8080"]) {
    expect(checkNames({ host, origin }, some), String(origin)).toBeUndefined();
  }
  for (const origin of [
    "https://evil.example",
    "null",
    "https://app.example.evil",
    "file://",
    "http://app.example",
    "http://10.1.2.3",
  ]) {
    expect(checkNames({ host, origin }, some), origin).toBe("OriginNotAllowed");
  }
});
