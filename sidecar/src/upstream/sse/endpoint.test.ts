import { describe, expect, it } from "vitest";
import { readEndpoint } from "./endpoint.ts";

const base = { streamPath: "/a/sse?key=1", origins: ["http://127.0.0.1:8080", "http://localhost:8080"] };

describe("the endpoint that a stream names", () => {
  it.each([
    ["/messages?s=1", "/messages?s=1"],
    [" /messages/ ", "/messages/"],
    ["messages", "/a/messages"],
    ["?s=1", "/a/sse?s=1"],
    ["http://127.0.0.1:8080/m#part", "/m"],
    ["http://localhost:8080/m", "/m"],
    ["/a/../m", "/m"],
  ])("%s is %s", (data, path) => {
    expect(readEndpoint(data, base)).toEqual({ ok: true, path });
  });

  it.each([
    "http://127.0.0.1:8081/m",
    "https://127.0.0.1:8080/m",
    "http://127.0.0.1.example.com:8080/m",
    "http://127.0.0.1:8080@evil.example/m",
    "//evil.example/m",
    "\\\\evil.example\\m",
    "file:///etc/passwd",
    "javascript:0",
    "",
    `/${"x".repeat(5_000)}`,
    "http://[",
  ])("%j is refused", (data) => {
    expect(readEndpoint(data, base)).toMatchObject({ ok: false });
  });
});
