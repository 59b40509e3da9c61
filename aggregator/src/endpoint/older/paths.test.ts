import { expect, it } from "vitest";
import { messagesOf, readSessionId, streamPaths } from "./paths.ts";

it("has streams behind the path of an endpoint, and at /sse for the one of all servers", () => {
  expect(streamPaths("/mcp")).toEqual(["/sse", "/mcp/sse"]);
  expect(streamPaths("/mcp/g/code")).toEqual(["/mcp/g/code/sse"]);
});

it("names messages so that the session is read from there again, whatever its id", () => {
  for (const id of ["0b9c1f3e-5f0e-4a51-9f53-9f0f0a6f7d11", "an id & more", ""]) {
    const url = messagesOf("/mcp/g/code", id);
    expect(url.startsWith("/mcp/g/code/messages?")).toBe(true);
    expect(readSessionId(url)).toBe(id);
  }
});

it("reads no session where none is named", () => {
  for (const url of ["/mcp/messages", "/mcp/messages?", "/mcp/messages?session=1"]) expect(readSessionId(url)).toBe("");
});
